import { once } from 'node:events'
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2'
import { connect } from 'node:http2'
import type { Test } from 'tap'
import t from 'tap'
import { ProxyProcess } from '../support/proxy.js'
import { exchange } from '../support/raw.js'
import { RawConnection } from '../support/raw-connection.js'
import { Recorder } from '../support/recorder.js'
import { eventually } from '../support/wait.js'

// A request with `Upgrade`, and another in the same bytes: the other must never be read by the backend, which would take
// it for one that had come through the proxy.

const proxy = await ProxyProcess.start()
t.teardown(() => proxy.stop())

const SMUGGLED = 'GET /hub/smuggled HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n'
const UPGRADE = 'Upgrade: websocket\r\nConnection: Upgrade\r\n'
const KEY = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

function headsIn(backend: Recorder): string[] {
  return backend.connections.join('').split('\r\n\r\n').slice(0, -1)
}

/** A backend of its own for each test, which answers everything with the same bytes. */
async function recorder(t: Test, path: string, reply: string): Promise<Recorder> {
  const backend = await Recorder.start(reply)
  t.teardown(() => backend.stop())
  await proxy.route(path, backend.url)
  return backend
}

const NOT_HANDSHAKES: Readonly<Record<string, string>> = {
  'POST without a body': `POST /no HTTP/1.1\r\nHost: h\r\n${UPGRADE}Content-Length: 0\r\n\r\n`,
  'POST without a length': `POST /no HTTP/1.1\r\nHost: h\r\n${UPGRADE}\r\n`,
  'POST with a body': `POST /no HTTP/1.1\r\nHost: h\r\n${UPGRADE}Content-Length: 5\r\n\r\nhello`,
  'POST in chunks': `POST /no HTTP/1.1\r\nHost: h\r\n${UPGRADE}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'POST of HTTP/1.0': `POST /no HTTP/1.0\r\nHost: h\r\n${UPGRADE}Content-Length: 0\r\n\r\n`,
  'POST with all that a handshake has': `POST /no HTTP/1.1\r\nHost: h\r\n${UPGRADE}${KEY}Content-Length: 0\r\n\r\n`,
  'POST to an odd path': `POST /no/%2e%2e/no/"x HTTP/1.1\r\nHost: h\r\n${UPGRADE}Content-Length: 0\r\n\r\n`,
  'a GET with a body': `GET /no HTTP/1.1\r\nHost: h\r\n${UPGRADE}${KEY}Content-Length: 5\r\n\r\nhello`,
  'a GET in chunks': `GET /no HTTP/1.1\r\nHost: h\r\n${UPGRADE}${KEY}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'a HEAD': `HEAD /no HTTP/1.1\r\nHost: h\r\n${UPGRADE}${KEY}\r\n`,
  'an OPTIONS': `OPTIONS /no HTTP/1.1\r\nHost: h\r\n${UPGRADE}${KEY}\r\n`,
  'other cases and tokens':
    'PUT /no HTTP/1.1\r\nHost: h\r\nUPGRADE:\tWebSocket\r\nCONNECTION: keep-alive, UPGRADE\r\n\r\n',
  'two upgrades': 'GET /no HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
  'a list of upgrades': 'GET /no HTTP/1.1\r\nHost: h\r\nUpgrade: x, websocket\r\nConnection: Upgrade\r\n\r\n',
  'an unknown upgrade':
    'POST /no HTTP/1.1\r\nHost: h\r\nUpgrade: x\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n',
  'an upgrade to TLS': 'GET /no HTTP/1.1\r\nHost: h\r\nUpgrade: TLS/1.2\r\nConnection: Upgrade\r\n\r\n',
  'an empty upgrade': 'GET /no HTTP/1.1\r\nHost: h\r\nUpgrade:\r\nConnection: Upgrade\r\n\r\n',
  CONNECT: 'CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n',
  'CONNECT with an upgrade': `CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n${UPGRADE}\r\n`,
}

t.test('what asks for an upgrade and is no handshake is refused, and its backend sees nothing of it', async (t) => {
  const backend = await recorder(t, '/no', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  const answers = await Promise.all(
    Object.entries(NOT_HANDSHAKES).map(async ([name, bytes]) => [name, await exchange(proxy.port, bytes + SMUGGLED)]),
  )
  for (const [name = '', answer = ''] of answers) {
    t.match(answer, /^HTTP\/1\.[01] (400|403|404) /, name)
    t.equal(answer.split('HTTP/1.').length, 2, `${name}: one answer`)
  }
  t.strictSame(backend.connections, [])
})

const HANDSHAKES: Readonly<Record<string, string>> = {
  'a handshake': `GET /yes HTTP/1.1\r\nHost: h\r\n${UPGRADE}${KEY}\r\n`,
  'with a length of 0': `GET /yes HTTP/1.1\r\nHost: h\r\n${UPGRADE}${KEY}Content-Length: 0\r\n\r\n`,
  'without a key': `GET /yes HTTP/1.1\r\nHost: h\r\n${UPGRADE}\r\n`,
  'of HTTP/1.0': `GET /yes HTTP/1.0\r\nHost: h\r\n${UPGRADE}${KEY}\r\n`,
  'to an odd path': `GET /yes/%2e%2e/yes/"x HTTP/1.1\r\nHost: h\r\n${UPGRADE}${KEY}\r\n`,
}

const REFUSALS: Readonly<Record<string, string>> = {
  200: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  302: 'HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n',
  403: 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n',
  426: 'HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 8\r\nContent-Length: 0\r\n\r\n',
  '100-403': 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n',
}

t.test('nothing that follows a handshake reaches a backend that refuses', async (t) => {
  const rounds = Object.entries(REFUSALS).map(async ([refusal, reply]) => {
    const backend = await recorder(t, `/${refusal}`, reply)
    const handshakes = Object.entries(HANDSHAKES).map(async ([name, bytes]) => {
      const answer = await exchange(proxy.port, bytes.replaceAll('/yes', `/${refusal}`) + SMUGGLED)
      t.match(answer, /^HTTP\/1\.[01] [2-5]/, `${refusal}, ${name}`)
    })
    await Promise.all(handshakes)
    t.equal(headsIn(backend).length, handshakes.length, `${refusal}: a head each`)
    t.notMatch(backend.connections.join(''), /smuggled/)
  })
  await Promise.all(rounds)
})

t.test('what follows a handshake is passed on once the backend has agreed', async (t) => {
  const backend = await recorder(t, '/ws', `HTTP/1.1 101 Switching Protocols\r\n${UPGRADE}\r\n`)
  const client = await RawConnection.open(proxy.port, `GET /ws HTTP/1.1\r\nHost: h\r\n${UPGRADE}${KEY}\r\nearly`)
  t.teardown(() => client.end())
  await eventually(() => backend.connections[0]?.endsWith('\r\n\r\nearly') ?? false, 'the rest has come')
  t.equal(client.status, 101)
})

t.test('an offer of HTTP/2 is not taken up, and what follows is a request like any other', async (t) => {
  const backend = await recorder(t, '/h2c', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  const offer = 'Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n'
  const next = 'GET /h2c/next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'
  const answer = await exchange(proxy.port, `POST /h2c HTTP/1.1\r\nHost: h\r\n${offer}Content-Length: 0\r\n\r\n${next}`)
  t.equal(answer.split('HTTP/1.1 200').length, 3)
  const heads = headsIn(backend)
  t.equal(heads.length, 2)
  for (const head of heads) {
    t.match(head, /^x-forwarded-for: 127\.0\.0\.1/im)
    t.notMatch(head, /upgrade|http2-settings/i)
  }
})

t.test('over HTTP/2 there are websockets, and no other upgrade', async (t) => {
  const backend = await recorder(t, '/h2', REFUSALS[403] ?? '')
  const answered = async (headers: OutgoingHttpHeaders): Promise<string> => {
    const session = connect(proxy.url)
    t.teardown(() => session.destroy())
    session.on('error', () => {})
    await once(session, 'remoteSettings')
    const stream = session.request({ ':path': '/h2', ...headers }, { endStream: false })
    stream.on('error', () => {})
    stream.write(SMUGGLED)
    const [head] = (await once(stream, 'response')) as [IncomingHttpHeaders]
    return String(head[':status'])
  }
  const websocket = { ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'http', ':authority': 'h' }
  t.equal(await answered(websocket), '403', 'the backend refuses')
  t.equal(backend.connections.length, 1)
  t.equal(await answered({ ...websocket, 'content-length': '1000' }), '400', 'with a length')
  t.equal(await answered({ ...websocket, ':protocol': 'x' }), '403', 'another protocol')
  t.equal(await answered({ ':method': 'CONNECT', ':path': undefined, ':authority': 'h:80' }), '404', 'CONNECT')
  t.equal(headsIn(backend).length, 1)
  t.notMatch(backend.connections.join(''), /smuggled/)
})
