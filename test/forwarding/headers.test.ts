import { once } from 'node:events'
import { request } from 'node:https'
import type { Test } from 'tap'
import t from 'tap'
import { Authority } from '../support/certificate.js'
import { ProxyProcess } from '../support/proxy.js'
import type { Head } from '../support/raw.js'
import { exchange, RawBackend } from '../support/raw.js'

/*
 * What is expected was seen of configurable-http-proxy 5.3.0, but for what docs/compatibility.md names.
 */

const backend = await RawBackend.start()
t.teardown(() => backend.stop())

const WEBSOCKET = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: a\r\n'
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'
const FROM_PROXY = [
  ...['X-Forwarded-For: 1.1.1.1', 'X-Forwarded-Port: 8443', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: first'],
  '',
].join('\r\n')

async function start(t: Test, ...args: string[]): Promise<ProxyProcess> {
  const proxy = await ProxyProcess.start(args)
  t.teardown(() => proxy.stop())
  await proxy.route('/', backend.url)
  return proxy
}

/** What the backend gets of a request with these headers (each line ended). */
async function seen(proxy: ProxyProcess, headers: string, line = 'GET /x', body = ''): Promise<Head> {
  const close = /^Connection:/im.test(headers) ? '' : 'Connection: close\r\n'
  await exchange(proxy.port, `${line} HTTP/1.1\r\n${headers}${close}\r\n${body}`)
  return backend.taken()
}

function forwarded({ headers }: Head): object {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-forwarded-')))
}

t.test('x-forwarded headers are what CHP sends', async (t) => {
  const proxy = await start(t)
  t.strictSame(
    forwarded(await seen(proxy, 'Host: hub.example:8000\r\n')),
    {
      'x-forwarded-for': ['127.0.0.1'],
      'x-forwarded-port': ['8000'],
      'x-forwarded-proto': ['http'],
      'x-forwarded-host': ['hub.example:8000'],
    },
    'say who asks, and for what',
  )
  for (const [host, port] of [
    ['hub.example', '80'],
    ['[::1]:8000', '8000'],
    ['[::1]', '80'],
    ['[broken', '80'],
    ['a:80x', '80'],
    ['a:x', '80'],
    [`hub.example:${proxy.port}`, String(proxy.port)],
    [`[::1]:${proxy.port}`, String(proxy.port)],
    [`hub.example:1${proxy.port}`, `1${proxy.port}`],
  ] as const) {
    for (const line of ['GET /x', 'POST /x', 'GET /a/../x', 'HEAD /x']) {
      const { headers } = await seen(proxy, `Host: ${host}\r\n`, line)
      t.strictSame(headers['x-forwarded-port'], [port], `${line}: the port of ${host}`)
      const { headers: behind } = await seen(proxy, `Host: ${host}\r\n${FROM_PROXY}`, line)
      t.strictSame(behind['x-forwarded-port'], [`8443,${port}`], `${line}: behind a proxy`)
      t.strictSame(behind['x-forwarded-host'], ['first'])
    }
  }
  t.strictSame(
    forwarded(await seen(proxy, `Host: inner:81\r\n${FROM_PROXY}`)),
    {
      'x-forwarded-for': ['1.1.1.1,127.0.0.1'],
      'x-forwarded-port': ['8443,81'],
      'x-forwarded-proto': ['https,http'],
      'x-forwarded-host': ['first'],
    },
    'behind another proxy are appended to its own, but for the host',
  )
  backend.reply = SWITCHED
  t.strictSame(
    forwarded(await seen(proxy, `Host: a\r\n${WEBSOCKET}`)),
    { 'x-forwarded-for': ['127.0.0.1'], 'x-forwarded-port': ['80'], 'x-forwarded-proto': ['ws'] },
    'of a websocket have its scheme, and no host',
  )
  t.strictSame(
    forwarded(await seen(proxy, `Host: a\r\n${WEBSOCKET}${FROM_PROXY}`)),
    {
      'x-forwarded-for': ['1.1.1.1,127.0.0.1'],
      'x-forwarded-port': ['8443,80'],
      'x-forwarded-proto': ['https,ws'],
      'x-forwarded-host': ['first'],
    },
    'also behind another proxy',
  )
})

t.test('x-forwarded headers over TLS say https and wss, and its port', async (t) => {
  const authority = await Authority.make()
  t.teardown(() => authority.remove())
  const { keyFile, certFile } = await authority.issue()
  const proxy = await start(t, '--ssl-key', keyFile, '--ssl-cert', certFile)
  const ca = authority.cert
  for (const [scheme, reply, event, more] of [
    ['https', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 'response', {}],
    ['wss', SWITCHED, 'upgrade', { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-key': 'a' }],
  ] as const) {
    backend.reply = reply
    const headers = { host: 'hub.example', ...more }
    const call = request({ port: proxy.port, ca, agent: false, servername: 'localhost', headers }).end()
    await once(call, event)
    t.match(backend.taken().headers, { 'x-forwarded-proto': [scheme], 'x-forwarded-port': ['443'] })
    call.destroy()
  }
})

t.test('--no-x-forward adds nothing and keeps what came, and --custom-header comes over all', async (t) => {
  const custom = ['X-Token: 100%REQ(host)%', 'X-Empty:', 'x-over:first', 'X-Over:last'].flatMap((header) => [
    '--custom-header',
    header,
  ])
  const proxy = await start(t, '--no-x-forward', ...custom, '--custom-header', 'Host: inner.example')
  for (const [reply, headers] of [
    ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 'Host: a\r\n'],
    [SWITCHED, `Host: a\r\n${WEBSOCKET}`],
  ] as const) {
    backend.reply = reply
    const plain = await seen(proxy, `${headers}X-Over: client\r\n`)
    t.strictSame(forwarded(plain), {})
    t.match(plain.headers, {
      host: ['inner.example'],
      'x-token': ['100%REQ(host)%'],
      'x-empty': [''],
      'x-over': ['last'],
    })
    t.equal(plain.headers['x-over']?.length, 1, "the client's is gone")
    t.strictSame(forwarded(await seen(proxy, headers + FROM_PROXY)), {
      'x-forwarded-for': ['1.1.1.1'],
      'x-forwarded-port': ['8443'],
      'x-forwarded-proto': ['https'],
      'x-forwarded-host': ['first'],
    })
  }
})

t.test('a request reaches its target as it was sent', async (t) => {
  const proxy = await start(t)
  backend.reply = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
  await proxy.route('/base', `${backend.url}/only/here`)
  const asked = async (path: string) => (await seen(proxy, 'Host: a\r\n', `GET ${path}`)).path

  const kept = ['/', '/a%2Fb%41%7e%40@', '//x//y/', '/a;p=1?b?c&d=/../e', '/x?', '/~a/...', '/.hidden', `/|^[]'`]
  for (const path of kept) t.equal(await asked(path), path, 'keeps its spelling')
  const resolved: Array<[string, string]> = [
    ['/a/../b?q=/../z', '/b?q=/../z'],
    ['/a/./b/.', '/a/b/'],
    ['/%2e%2E/..', '/'],
    ['/a\\..\\b', '/b'],
    ['/a//../b', '/a/b'],
    ['/"<>`{}', '/%22%3C%3E%60%7B%7D'],
    ['/base/../base/../base/x', '/only/here/base/x'],
    ['/base/x/../../base/%2e%2e/base', '/only/here/base'],
  ]
  for (const [path, forwardedAs] of resolved) t.equal(await asked(path), forwardedAs, `${path} as CHP has it`)
  t.equal(await asked('/base/../../../etc'), '/etc', 'that leaves the route leaves its target too')

  const steering = ['X-Envoy-Original-Path: /other', 'x-envoy-upstream-rq-timeout-ms: 1', 'x-envoy-retry-on: 5xx', '']
  const { path, headers } = await seen(
    proxy,
    `Host: a\r\n${steering.join('\r\n')}X-Request-Id: mine\r\nTrailer: X-T\r\nunder_score: 1\r\nVia: 1.0 z\r\n`,
  )
  t.equal(path, '/x', "isn't steered by what a client says to Envoy")
  t.strictSame(
    Object.keys(headers).filter((name) => !name.startsWith('x-forwarded-')),
    ['host', 'x-request-id', 'under_score', 'via'],
    'arrives with the headers that were sent, no more and no less',
  )
  t.strictSame(headers['x-request-id'], ['mine'])

  const many = Array.from({ length: 500 }, (_, at) => `X-${at}: a\r\n`).join('')
  t.ok('x-499' in (await seen(proxy, `Host: a\r\n${many}`)).headers, 'may have many headers')
  const large = 'a'.repeat(50_000)
  t.strictSame((await seen(proxy, `Host: a\r\nCookie: ${large}\r\n`)).headers.cookie, [large], 'or large ones')
  const tooLarge = `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nCookie: ${large}${large}\r\n\r\n`
  t.match(await exchange(proxy.port, tooLarge), /^HTTP\/1.1 431 /)

  const chunked = await seen(proxy, 'Host: a\r\nTransfer-Encoding: chunked\r\n', 'DELETE /x', '3\r\nabc\r\n0\r\n\r\n')
  t.match(chunked.headers, { 'transfer-encoding': ['chunked'], 'content-length': undefined }, 'keeps its framing')
})

t.test('a request that two servers may read in two ways is refused', async (t) => {
  const proxy = await start(t)
  const requests = [
    'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n',
    'Content-Length: 3\r\nContent-Length: 4\r\n',
    'Content-Length: +3\r\n',
    'Transfer-Encoding: xchunked\r\n',
    'Transfer-Encoding : chunked\r\n',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n',
    'X-A: a\0b\r\n',
  ]
  await Promise.all(
    requests.map(async (headers) => {
      const request = `POST /x HTTP/1.1\r\nHost: a\r\n${headers}\r\n3\r\nabc\r\n0\r\n\r\n`
      t.match(await exchange(proxy.port, request), /^HTTP\/1.1 (400|501) /, headers)
    }),
  )
  t.throws(() => backend.taken(), { message: '0 requests came, not one' }, 'and none of them came through')
})

t.test('a response arrives as it was sent, without a word from Envoy', async (t) => {
  const proxy = await start(t)
  const many = Array.from({ length: 300 }, (_, at) => `Set-Cookie: c${at}=1\r\n`).join('')
  backend.reply = `HTTP/1.1 404 Nope\r\nX-Odd-Case: Yes\r\nDate: then\r\nServer: Tornado\r\n${many}Content-Length: 2\r\n\r\nno`
  const answer = await exchange(proxy.port, 'GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  t.equal(
    answer,
    `HTTP/1.1 404 Nope\r\nX-Odd-Case: Yes\r\nDate: then\r\nServer: Tornado\r\n${many}Content-Length: 2\r\nconnection: close\r\n\r\nno`,
  )
  backend.reply = 'HTTP/1.0 304 Not Modified\r\nETag: "1"\r\n\r\n'
  t.match(
    await exchange(proxy.port, 'GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
    /^HTTP\/1\.1 304 Not Modified\r\nETag: "1"\r\ndate: [^\r]*\r\nconnection: close\r\n\r\n$/i,
  )
})
