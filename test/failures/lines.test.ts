import { EventEmitter, once } from 'node:events'
import { request } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import type { Test } from 'tap'
import t from 'tap'
import { WebSocket } from 'ws'
import { Backend } from '../support/backend.js'
import { Authority } from '../support/certificate.js'
import { ask } from '../support/http.js'
import { freePorts } from '../support/ports.js'
import { ProxyProcess } from '../support/proxy.js'
import { exchange, RawBackend } from '../support/raw.js'
import { eventually } from '../support/wait.js'

const authority = await Authority.make()
const other = await Authority.make()
const [own, strange] = await Promise.all([authority.issue(), other.issue()])
const proxy = await ProxyProcess.start([
  ...['--client-ssl-ca', own.certFile, '--request-timeout', '1', '--max-requests-per-route', '1', '--workers', '1'],
])
/** Told of requests that get no answer. */
const asked = new EventEmitter()
const plain = await Backend.start('plain', (incoming, response) => {
  if (incoming.url?.includes('never')) return void asked.emit('never')
  response.statusCode = Number(/status-(\d+)/.exec(incoming.url ?? '')?.[1] ?? 200)
  response.end()
})
const [tls, wanting] = await Promise.all([
  Backend.start('tls', undefined, 0, strange),
  Backend.start('wanting', undefined, 0, { ...own, ca: own.cert, requestCert: true, rejectUnauthorized: true }),
])
const raw = await RawBackend.start()
t.teardown(() => Promise.all([proxy, plain, tls, wanting, raw].map((one) => one.stop())))
t.teardown(() => Promise.all([authority.remove(), other.remove()]))

const VERSION = { 'sec-websocket-version': '13' }

/** Waits for the one new line that matches, and returns what follows the time. */
async function line(pattern: RegExp): Promise<string> {
  let found: RegExpExecArray | null = null
  await eventually(() => {
    found = pattern.exec(proxy.output)
    return found !== null
  }, `a line like ${pattern}`).catch(() => {
    throw new Error(`no line like ${pattern} in\n${proxy.output}`)
  })
  return (found as unknown as RegExpExecArray)[0]
}

async function failure(t: Test, path: string, expected: string): Promise<void> {
  await ask(proxy.port, path)
  t.ok(await line(new RegExp(`\\[ConfigProxy\\] (error|warn): \\d+ GET ${expected}\n`)), path)
}

t.test('a target that cannot be reached is named, with the route and the reason', async (t) => {
  const [port = 0] = await freePorts(1)
  await proxy.route('/user/dead', `http://127.0.0.1:${port}`)
  await ask(proxy.port, '/user/dead/lab?token=secret')
  t.match(
    await line(/\[ConfigProxy\] error: .*\/user\/dead\/lab.*/),
    `503 GET /user/dead/lab connection refused, nothing listens there (route /user/dead, target http://127.0.0.1:${port})`,
  )
  t.notMatch(proxy.output, 'secret', 'the query is in no line')
})

t.test('a name that does not resolve is named, and a socket that is not there', async (t) => {
  await proxy.route('/user/name', 'http://no-such-host.invalid:8888')
  await failure(
    t,
    '/user/name/',
    "/user/name/ the target's host name does not resolve .*http://no-such-host.invalid:8888\\)",
  )
  await proxy.route('/user/socket', 'http+unix://%2Fnowhere%2Fa.sock')
  await failure(t, '/user/socket/', "/user/socket/ the target's socket does not exist .*unix:/nowhere/a.sock\\)")
})

t.test('the line says why TLS with a target fails', async (t) => {
  await proxy.route('/user/strange', tls.url)
  await failure(
    t,
    '/user/strange/',
    "/user/strange/ the target's certificate is not accepted.*CERTIFICATE VERIFY FAILED.*",
  )
  await proxy.route('/user/plain', plain.url.replace('http', 'https'))
  await failure(t, '/user/plain/', '/user/plain/ the target does not speak TLS, it may be http, not https.*')
  await proxy.route('/user/wanting', wanting.url)
  await failure(t, '/user/wanting/', '/user/wanting/ the target closed the connection.*or a client certificate.*')
})

t.test('a target that does not answer as it should is named', async (t) => {
  await proxy.route('/raw', raw.url)
  raw.reply = 'HELLO\r\n\r\n'
  await failure(t, '/raw/garbage', '/raw/garbage the target.s answer is not HTTP.*')
  raw.reply = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun'
  await exchange(proxy.port, 'GET /raw/cut HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  t.ok(await line(/error: 200 GET \/raw\/cut the target disconnected in the middle of its answer/))
})

t.test('a request without a route has a line, and one that no HTTP server would serve', async (t) => {
  await failure(t, '/nowhere?token=secret', '/nowhere no route matches')
  await exchange(
    proxy.port,
    `GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: ${'x'.repeat(70_000)}\r\n\r\n`,
  )
  t.ok(await line(/warn: 431 .*headers are too large/))
  await exchange(proxy.port, 'NONSENSE\r\n\r\n')
  t.ok(await line(/warn: 400 \(no request yet\) the request is malformed \[http1.codec error\]/))
  await ask(proxy.port, '/coded', { method: 'POST', headers: { connection: 'upgrade', upgrade: 'websocket' } }, 'body')
  t.ok(await line(/warn: 400 POST \/coded it asks for an upgrade, but is not a websocket handshake/))
  await ask(proxy.port, '/_chp_healthz')
  await exchange(proxy.port, 'GET /slow HTTP/1.1\r\nHost: a\r\n')
  t.ok(await line(/warn: 408 .*did not send its request in time/))
})

t.test('a route that is full says which option bounds it', async (t) => {
  await proxy.route('/full', plain.url)
  const first = request({ port: proxy.port, host: '127.0.0.1', path: '/full/never' }).on('error', () => {})
  first.end()
  await eventually(async () => (await ask(proxy.port, '/full/x')).status === 503, 'the route is full')
  t.ok(await line(/error: 503 GET \/full\/x the route has too many requests in flight, see --max-requests-per-route/))
  first.destroy()
})

t.test('a hostile path is cut and shows no control characters', async (t) => {
  const session = connectHttp2(`http://127.0.0.1:${proxy.port}`)
  t.teardown(() => session.destroy())
  const stream = session.request({ ':path': `/hostile\u009b31m/${'y'.repeat(500)}?token=secret` })
  stream.on('error', () => {})
  stream.resume()
  await once(stream, 'close')
  await ask(proxy.port, `/long/${'y'.repeat(500)}`)
  const long = await line(/404 GET \/long\/.*/)
  t.ok(long.length < 300, `${long.length} characters`)
  t.notMatch(proxy.output.replaceAll('\n', ''), /\p{Cc}/u, 'nothing that a terminal obeys')
})

t.test('what a backend answers, a client that goes and the end of a websocket are no failures', async (t) => {
  for (const route of ['/well', '/well2']) await proxy.route(route, plain.url)
  for (const status of [200, 404, 500, 503]) await ask(proxy.port, `/well/status-${status}`)
  const client = request({ port: proxy.port, host: '127.0.0.1', path: '/well/never' }).on('error', () => {})
  const arrived = once(asked, 'never')
  client.end()
  await arrived
  client.destroy()
  const websocket = new WebSocket(`ws://127.0.0.1:${proxy.port}/well/socket`)
  await once(websocket, 'open')
  const session = connectHttp2(`http://127.0.0.1:${proxy.port}`)
  t.teardown(() => session.destroy())
  await once(session, 'remoteSettings')
  const overHttp2 = session.request({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':path': '/well2/socket',
    ...VERSION,
  })
  const [{ ':status': status }] = await once(overHttp2, 'response')
  t.equal(status, 200, 'a websocket over HTTP/2 is open')
  const ended = new Promise((resolve) => overHttp2.on('error', () => {}).on('close', resolve))
  overHttp2.resume()
  await plain.stop()
  await Promise.all([once(websocket, 'close'), ended])
  // Lines come in the order of the requests' ends.
  await failure(t, '/after', '/after no route matches')
  t.notMatch(proxy.output, /GET \/well/)
})
