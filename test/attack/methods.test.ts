import { connect } from 'node:http2'
import t from 'tap'
import { Backend } from '../support/backend.js'
import { ProxyProcess } from '../support/proxy.js'
import { exchange } from '../support/raw.js'

const methods: string[] = []
// What no browser sends has no body, and needs none in the answer.
const backend = await Backend.start('a', (request, response) => {
  methods.push(request.method ?? '')
  response.end()
})
const proxy = await ProxyProcess.start(['--default-target', backend.url])
t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))

/** The status line's number, and what the backend was asked by. */
async function overHttp1(method: string): Promise<[status: string | undefined, seen: string]> {
  const answer = await exchange(proxy.port, `${method} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  return [answer.split(' ')[1], methods.splice(0).join()]
}

async function overHttp2(method: string): Promise<[status: string | undefined, seen: string]> {
  const session = connect(proxy.url)
  const status = await new Promise<string | undefined>((resolve) => {
    const stream = session.request({ ':method': method, ':path': '/' })
    stream.on('response', (headers) => resolve(String(headers[':status'])))
    stream.on('error', () => resolve(undefined))
    stream.resume()
    stream.end()
  })
  session.destroy()
  return [status, methods.splice(0).join()]
}

t.test('methods that Envoy knows pass over both, others over HTTP/2 alone', async (t) => {
  for (const method of ['GET', 'POST', 'PATCH', 'TRACE', 'PROPFIND', 'PURGE', 'SEARCH', 'SUBSCRIBE', 'MKCALENDAR']) {
    t.strictSame(await overHttp1(method), ['200', method])
    t.strictSame(await overHttp2(method), ['200', method])
  }
  t.strictSame(await overHttp1('M-SEARCH'), ['400', ''])
  t.strictSame(await overHttp2('M-SEARCH'), ['200', 'M-SEARCH'])
  for (const method of ['QUERY', 'get', 'FOO']) t.strictSame(await overHttp1(method), ['400', ''])
  t.strictSame(await overHttp2('QUERY'), ['400', ''])
})

t.test('what is no method gets nowhere', async (t) => {
  for (const method of ['GET /other HTTP/1.1', 'GET\r\nX: y', 'GE\tT', 'A:B', '(x)', '"x"']) {
    const [status, seen] = await overHttp2(method)
    t.strictSame([status, seen], [undefined, ''], method)
  }
  t.strictSame(await overHttp1('GE\0T'), ['400', ''])
})
