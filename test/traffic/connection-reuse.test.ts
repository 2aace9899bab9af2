import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'
import t from 'tap'
import { WebSocket } from 'ws'
import { Backend } from '../support/backend.js'
import { ask } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

const proxy = await ProxyProcess.start()
t.teardown(() => proxy.stop())

/**
 * A backend that answers the first request of each connection and resets the connection when another comes: the worst
 * moment to close that a backend could choose.
 */
async function startResetting(): Promise<{ url: string; seen: string[]; sockets: Set<Socket>; stop: () => void }> {
  const seen: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    let requests = 0
    socket.on('data', (data) => {
      const line = /^([A-Z]+ \S+) HTTP/.exec(String(data))?.[1]
      if (line === undefined) return
      requests += 1
      if (requests > 1) return socket.resetAndDestroy()
      seen.push(line)
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, sockets, stop }
}

t.test('a backend that closes a connection as a request arrives on it is not seen by users', async (t) => {
  const backend = await startResetting()
  t.teardown(backend.stop)
  await proxy.route('/reset', backend.url)
  const methods = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE']
  const asked: string[] = []
  for (let round = 0; round < 40; round += 1) {
    for (const method of methods) {
      const path = `/reset/${round}`
      asked.push(`${method} ${path}`)
      const body = ['POST', 'PUT', 'PATCH'].includes(method) ? 'a=1' : undefined
      const { status } = await ask(proxy.port, path, { method }, body)
      if (status !== 200) t.fail(`${method} ${path}: ${status}`)
    }
  }
  t.strictSame([...backend.seen].sort(), asked.sort(), 'each was answered once')
})

t.test('a request that may have had an effect is never sent twice', async (t) => {
  const seen: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (data) => {
      seen.push(String(data).slice(0, String(data).indexOf(' HTTP')))
      socket.resetAndDestroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  await proxy.route('/once', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    t.equal((await ask(proxy.port, '/once', { method }, 'a=1')).status, 503, method)
  }
  t.strictSame(seen, ['POST /once', 'PUT /once', 'PATCH /once', 'DELETE /once'])
})

t.test('connections are reused by requests that change nothing, and not kept by the others', async (t) => {
  const opened: Socket[] = []
  const backend = await Backend.start('counting', (request, response) => {
    if (!opened.includes(request.socket)) opened.push(request.socket)
    request.resume().on('end', () => response.end())
  })
  t.teardown(() => backend.stop())
  await proxy.route('/count', backend.url)
  await ask(proxy.port, '/count')
  const afterOne = opened.length
  for (let i = 0; i < 20; i += 1) await ask(proxy.port, '/count')
  // One at most for each of Envoy's workers.
  t.ok(opened.length - afterOne < 4, `${opened.length} connections for 21 requests`)
  const before = opened.length
  for (let i = 0; i < 20; i += 1) await ask(proxy.port, '/count', { method: 'POST' }, 'a=1')
  t.equal(opened.length - before, 20)
  await eventually(() => opened.slice(before).every((socket) => socket.destroyed), 'they are closed')
})

t.test('a websocket opens although the idle connections are being closed', async (t) => {
  const backend = await Backend.start('sockets')
  t.teardown(() => backend.stop())
  await proxy.route('/w', backend.url)
  await ask(proxy.port, '/w')
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/w`)
  await once(socket, 'open')
  socket.send('hello')
  t.equal(String((await once(socket, 'message'))[0]), 'hello')
  socket.close()
  await once(socket, 'close')
})
