import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2'
import { connect } from 'node:http2'
import { get } from 'node:https'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { Test } from 'tap'
import t from 'tap'
import type { Echo } from '../support/backend.js'
import { Backend } from '../support/backend.js'
import { Authority } from '../support/certificate.js'
import { ProxyProcess } from '../support/proxy.js'

const authority = await Authority.make()
const { keyFile, certFile } = await authority.issue()
const backend = await Backend.start('a')
const proxy = await ProxyProcess.start([
  ...['--ssl-key', keyFile, '--ssl-cert', certFile, '--default-target', backend.url],
])
t.teardown(() => Promise.all([proxy.stop(), backend.stop(), authority.remove()]))

/** One connection, as a browser has one to a site. */
async function connection(t: Test): Promise<ClientHttp2Session> {
  const session = connect(`https://localhost:${proxy.port}`, {
    ca: authority.cert,
    maxSendHeaderBlockLength: 1_000_000,
  })
  t.teardown(() => session.destroy())
  await once(session, 'remoteSettings')
  return session
}

async function responseOf(stream: ClientHttp2Stream): Promise<IncomingHttpHeaders> {
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders]
  return headers
}

async function echo(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string): Promise<Echo> {
  const stream = session.request(headers)
  stream.end(body)
  return JSON.parse(await text(stream)) as Echo
}

function valuesOf({ rawHeaders }: Echo, name: string): string[] {
  return rawHeaders.filter((_value, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name)
}

/** A text message in a frame, masked as a client's must be (with zeros, which change nothing). */
function frame(message: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 + message.length, 0, 0, 0, 0]), Buffer.from(message)])
}

/** Opens a websocket in a connection as browsers do (RFC 8441). */
function openWebsocket(
  session: ClientHttp2Session,
  path: string,
  headers: OutgoingHttpHeaders = {},
): ClientHttp2Stream {
  return session.request(
    {
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': path,
      'sec-websocket-version': '13',
      origin: 'https://x',
      ...headers,
    },
    { endStream: false },
  )
}

t.test('HTTP/2 is chosen by those who can, and HTTP/1.1 by the others', async (t) => {
  const session = await connection(t)
  t.equal(session.alpnProtocol, 'h2')
  const [response] = (await once(get({ port: proxy.port, ca: authority.cert, agent: false }), 'response')) as [
    IncomingMessage,
  ]
  response.resume()
  t.equal(response.httpVersion, '1.1')
})

t.test('a request reaches its backend as if it had been HTTP/1.1', async (t) => {
  const session = await connection(t)
  const request = {
    ':method': 'POST',
    ':path': '/user/a%40b/x?y=%2F',
    ':authority': 'hub.example.com',
    cookie: ['a=1', 'b=2', 'c=3'],
    'x-custom': 'yes',
  }
  const answer = await echo(session, request, 'body')
  t.match(answer, { name: 'a', method: 'POST', url: '/user/a%40b/x?y=%2F' })
  t.strictSame(valuesOf(answer, 'host'), ['hub.example.com'])
  t.strictSame(valuesOf(answer, 'cookie'), ['a=1; b=2; c=3'], 'one header, however a browser has cut it')
  t.strictSame(valuesOf(answer, 'x-forwarded-proto'), ['https'])
  t.strictSame(valuesOf(answer, 'x-custom'), ['yes'])
  t.notMatch(answer.rawHeaders.join('\n'), /^:/m, 'no pseudo-header')
})

t.test('many requests and websockets share a connection and do not mix', async (t) => {
  const session = await connection(t)
  const requests = Array.from({ length: 100 }, (_, index) => echo(session, { ':path': `/page/${index}` }))
  const sockets = Array.from({ length: 20 }, async (_, index) => {
    const stream = openWebsocket(session, `/channels/${index}`)
    const { ':status': status } = await responseOf(stream)
    if (Number(status) !== 200) throw new Error(`websocket ${index} was answered ${status}`)
    for (const message of [`hello ${index}`, `again ${index}`]) {
      stream.write(frame(message))
      const [answer] = (await once(stream, 'data')) as [Buffer]
      t.equal(answer.subarray(2).toString(), message)
    }
    stream.close()
    await once(stream, 'close')
  })
  for (const [index, { url }] of (await Promise.all(requests)).entries()) t.equal(url, `/page/${index}`)
  await Promise.all(sockets)
  t.equal((await echo(session, { ':path': '/after' })).url, '/after')
})

/** A binary message, masked with zeros; as a server sends it, without its mask. */
function largeFrame(payload: Buffer, masked: boolean): Buffer {
  const head = Buffer.alloc(masked ? 14 : 10)
  head.writeUInt8(0x82)
  head.writeUInt8(masked ? 0xff : 0x7f, 1)
  head.writeBigUInt64BE(BigInt(payload.length), 2)
  return Buffer.concat([head, payload])
}

t.test('120 websockets in four connections, each with a protocol of its own and a large message', async (t) => {
  const payload = Buffer.alloc(200_000, 'x')
  const expected = largeFrame(payload, false)
  const sessions = await Promise.all(Array.from({ length: 4 }, () => connection(t)))
  const opened = sessions.flatMap((session) =>
    Array.from({ length: 30 }, async (_, index) => {
      const stream = openWebsocket(session, `/channels/${index}`, { 'sec-websocket-protocol': `v${index}, other` })
      const head = await responseOf(stream)
      stream.write(largeFrame(payload, true))
      let answer = Buffer.alloc(0)
      for await (const chunk of stream) {
        answer = Buffer.concat([answer, chunk as Buffer])
        if (answer.length >= expected.length) break
      }
      const same = answer.equals(expected)
      return `${head[':status']} ${head['sec-websocket-protocol'] === `v${index}`} ${same}`
    }),
  )
  t.strictSame(await Promise.all(opened), Array(120).fill('200 true true'))
})

t.test('a body as large as a notebook goes up and comes down', async (t) => {
  const size = 20 * 1024 * 1024
  const mirror = await Backend.start('mirror', (incoming, response) => void incoming.pipe(response))
  t.teardown(() => mirror.stop())
  await proxy.route('/mirror', mirror.url)
  const session = await connection(t)
  const stream = session.request({ ':method': 'PUT', ':path': '/mirror' })
  const block = Buffer.alloc(64 * 1024, 'x')
  const [down] = await Promise.all([
    text(stream),
    pipeline(function* () {
      for (let sent = 0; sent < size; sent += block.length) yield block
    }, stream),
  ])
  t.equal(down.length, size)
})

t.test('a malformed request ends alone, and what shares its connection goes on', async (t) => {
  const session = await connection(t)
  const socket = openWebsocket(session, '/ws')
  await responseOf(socket)
  const bad = session.request({ ':path': '/a b' })
  await t.rejects(once(bad, 'close'), { code: 'ERR_HTTP2_STREAM_ERROR' })
  socket.write(frame('still here'))
  t.equal(((await once(socket, 'data')) as [Buffer])[0].subarray(2).toString(), 'still here')
})

t.test('too many cookies get a page that says what to do, whatever comes with them', async (t) => {
  const cookies = (count: number) => Array.from({ length: count }, (_, index) => `c${index}=${'x'.repeat(990)}`)
  const session = await connection(t)
  const answered = async (headers: OutgoingHttpHeaders, endStream: boolean) => {
    const stream = session.request({ ':path': '/', ...headers }, { endStream })
    const [[head], page] = await Promise.all([once(stream, 'response'), text(stream)])
    stream.close()
    return { status: (head as IncomingHttpHeaders)[':status'], page }
  }
  for (const count of [61, 90, 120]) {
    const cookie = cookies(count)
    for (const [what, headers, endStream] of [
      ['GET', {}, true],
      ['upload', { ':method': 'POST' }, false],
      ['DELETE', { ':method': 'DELETE' }, true],
    ] as const) {
      const { status, page } = await answered({ ...headers, cookie }, endStream)
      t.equal(status, 431, `${what} with ${count} KB`)
      t.match(page, /Delete the cookies of this site/)
    }
  }
})

t.test('one connection has at most 100 requests under way', async (t) => {
  const session = await connection(t)
  t.equal(session.remoteSettings.maxConcurrentStreams, 100)
  t.equal(session.remoteSettings.enableConnectProtocol, true)
})

t.test('a websocket over HTTP/2 does not hold up the stop, as none does', async (t) => {
  const other = await ProxyProcess.start([
    ...['--ssl-key', keyFile, '--ssl-cert', certFile, '--default-target', backend.url],
  ])
  const session = connect(`https://localhost:${other.port}`, { ca: authority.cert })
  t.teardown(async () => {
    session.destroy()
    await other.stop()
  })
  session.on('error', () => {})
  await once(session, 'remoteSettings')
  const socket = openWebsocket(session, '/ws')
  socket.on('error', () => {})
  await responseOf(socket)
  const started = performance.now()
  other.child.kill('SIGTERM')
  t.equal((await other.exit()).code, 0)
  t.ok(performance.now() - started < 4_000, 'in less than the 5 s that requests get')
})
