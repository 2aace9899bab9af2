import { once } from 'node:events'
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2'
import { connect } from 'node:http2'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { Authority } from '../support/certificate.js'
import { ErrorServer } from '../support/error-server.js'
import { ask } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'

const authority = await Authority.make()
t.teardown(() => authority.remove())

t.test('an https error target is checked as https targets are, and shown the same certificate', async (t) => {
  const [own, shown] = [await authority.issue(), await authority.issue()]
  const errors = await ErrorServer.start(0, { ...own, ca: authority.cert, requestCert: true, rejectUnauthorized: true })
  t.teardown(() => errors.stop())
  const client = ['--client-ssl-key', shown.keyFile, '--client-ssl-cert', shown.certFile]
  const cases: Array<[args: string[], body: string | RegExp]> = [
    [['--client-ssl-ca', authority.file, ...client], 'page for /hub/error/404?url=%2Fnothing'],
    [client, /Error 404/],
  ]
  for (const [args, body] of cases) {
    const proxy = await ProxyProcess.start(['--error-target', errors.url, ...args])
    t.teardown(() => proxy.stop())
    const answer = await ask(proxy.port, '/nothing')
    t.equal(answer.status, 404)
    t.match(answer.body, body)
  }
  t.equal(errors.asked.length, 1)
})

t.test('over HTTP/2 there are the same pages, and a websocket gets the bare status', async (t) => {
  const { keyFile, certFile } = await authority.issue()
  const errors = await ErrorServer.start()
  const proxy = await ProxyProcess.start(['--error-target', errors.url, '--ssl-key', keyFile, '--ssl-cert', certFile])
  t.teardown(() => Promise.all([proxy.stop(), errors.stop()]))
  await proxy.route('/dead', 'http://127.0.0.1:1')
  const session = connect(`https://localhost:${proxy.port}`, { ca: authority.cert })
  t.teardown(() => session.destroy())
  await once(session, 'remoteSettings')
  const answerTo = async (request: OutgoingHttpHeaders, open = false) => {
    const stream = session.request(request, { endStream: !open })
    const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders]
    return { headers, body: await text(stream) }
  }
  for (const [path, status] of Object.entries({ '/nothing': 404, '/dead': 503 })) {
    const page = await answerTo({ ':path': path })
    t.equal(page.headers[':status'], status)
    t.equal(page.body, `page for /hub/error/${status}?url=${encodeURIComponent(path)}`)
    errors.asked.length = 0
    const websocket = { ':method': 'CONNECT', ':protocol': 'websocket', ':path': path, 'sec-websocket-version': '13' }
    const bare = await answerTo(websocket, true)
    t.equal(bare.headers[':status'], status)
    t.equal(bare.headers['content-length'] ?? '0', '0')
    t.equal(bare.headers['content-type'], undefined)
    t.equal(bare.body, '')
    t.strictSame(errors.urls, [], 'nobody was asked for a page')
  }
})
