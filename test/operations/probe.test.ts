import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Test } from 'tap'
import t from 'tap'
import type { ProbeRequest } from '../../src/operations/probe/probe.js'
import { probe } from '../../src/operations/probe/probe.js'
import { Prober } from '../../src/operations/probe/prober.js'
import { parseTarget } from '../../src/routing/target.js'
import { freePorts } from '../support/ports.js'

const LIMITS = { connectMs: 300, answerMs: 300 }

/** A server that does with each connection what it is told, and what it has read. */
async function listen(t: Test, onConnection: (socket: Socket) => void): Promise<{ url: string; read: string[] }> {
  const read: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (bytes) => read.push(String(bytes)))
    onConnection(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, read }
}

function request(url: string, more: Partial<ProbeRequest> = {}): ProbeRequest {
  const tls = { authorities: undefined, certificate: undefined }
  return { target: parseTarget(url), address: undefined, path: '/user/alice/', tls, ...more }
}

t.test('a target that answers is asked once, without a secret', async (t) => {
  const { url, read } = await listen(t, (socket) =>
    socket.once('data', () => socket.write('HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n')),
  )
  t.match(await probe(request(url), LIMITS), { outcome: 'answers', status: 302, ms: Number })
  t.match(read.join(''), /^GET \/user\/alice\/ HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\n/)
  t.notMatch(read.join(''), /cookie|authorization/i)
})

t.test('a server of JupyterHub is known by its header, which no body can have', async (t) => {
  const answers = (text: string) => listen(t, (socket) => socket.once('data', () => socket.end(text)))
  const hub = await answers('HTTP/1.1 404 Not Found\r\nServer: x\r\nx-jupyterhub-version: 5.4.0\r\n\r\n')
  t.match(await probe(request(hub.url), LIMITS), { outcome: 'answers', status: 404, isOfHub: true })
  const other = await answers('HTTP/1.1 404 Not Found\r\n\r\nX-JupyterHub-Version: 5.4.0\r\n')
  t.match(await probe(request(other.url), LIMITS), { outcome: 'answers', status: 404, isOfHub: false })
  const halting = await listen(t, (socket) => socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nA: b')))
  t.match(await probe(request(halting.url), LIMITS), { outcome: 'answers', status: 200, isOfHub: false })
})

t.test('a port on which nothing listens, a socket that is not there', async (t) => {
  const [port] = await freePorts(1)
  t.match(await probe(request(`http://127.0.0.1:${port}`), LIMITS), { outcome: 'refused' })
  t.match(await probe(request('http+unix://%2Fnowhere%2Fa.sock'), LIMITS), { outcome: 'no_socket' })
})

t.test('a target that says nothing, or sends one byte at a time for ever, is given up', async (t) => {
  const silent = await listen(t, () => {})
  t.match(await probe(request(silent.url), LIMITS), { outcome: 'no_answer' })
  const slow = await listen(t, (socket) => {
    const timer = setInterval(() => socket.write(''), 20)
    socket.write('H')
    socket.on('close', () => clearInterval(timer))
  })
  t.match(await probe(request(slow.url), LIMITS), { outcome: 'no_answer' })
})

t.test('of a target that sends without end, no more than the beginning is read', async (t) => {
  let sent = 0
  const { url } = await listen(t, (socket) => {
    const more = () => {
      while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 'x'))) sent += 65_536
    }
    socket.on('drain', more)
    more()
  })
  t.match(await probe(request(url), LIMITS), { outcome: 'not_http' })
  t.ok(sent < 50_000_000, `${sent} bytes were sent`)
})

t.test('what is not HTTP, or not TLS, is named', async (t) => {
  const ssh = await listen(t, (socket) => socket.write('SSH-2.0-OpenSSH_9.9\r\n'))
  t.match(await probe(request(ssh.url), LIMITS), { outcome: 'not_http' })
  t.match(await probe(request(ssh.url.replace('http', 'https')), LIMITS), { outcome: 'not_tls' })
  const closing = await listen(t, (socket) => socket.end())
  t.match(await probe(request(closing.url), LIMITS), { outcome: 'not_http', detail: 'it closes the connection' })
})

t.test('a TLS handshake that does not end is given up', async (t) => {
  const { url } = await listen(t, () => {})
  t.match(await probe(request(url.replace('http', 'https')), LIMITS), { outcome: 'no_answer' })
  const server = createTlsServer({})
    .on('error', () => {})
    .on('tlsClientError', () => {})
    .listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  t.match(await probe(request(`http://127.0.0.1:${port}`), LIMITS), { outcome: 'not_http' }, 'https, not http')
})

t.test('a host name is not resolved: its known address is used', async (t) => {
  const { url } = await listen(t, (socket) => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
  const named = request(url.replace('127.0.0.1', 'no-such-host.invalid'), { address: '127.0.0.1' })
  t.match(await probe(named, LIMITS), { outcome: 'answers' })
})

t.test('many questions about one target are one connection, and only few are open at once', async (t) => {
  let [open, most, all] = [0, 0, 0]
  const { url } = await listen(t, (socket) => {
    all += 1
    most = Math.max(most, ++open)
    setTimeout(() => {
      open -= 1
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
    }, 20)
  })
  const prober = new Prober()
  const same = Array.from({ length: 20 }, () => prober.probe(request(url)))
  t.match(await Promise.all(same), Array(20).fill({ outcome: 'answers' }))
  t.equal(all, 1)
  const others = Array.from({ length: 20 }, (_, index) => prober.probe(request(url, { path: `/${index}` })))
  t.match(await Promise.all(others), Array(20).fill({ outcome: 'answers' }))
  t.equal(all, 21)
  t.ok(most <= 8, `${most} at once`)
})
