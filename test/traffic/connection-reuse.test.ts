import { once } from 'node:events'
import { Agent } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { WebSocket } from 'ws'
import { Backend } from '../support/backend.js'
import { ask } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'
import { heldPorts } from '../support/tcp-timers.js'
import { eventually } from '../support/wait.js'

const proxy = await ProxyProcess.start()
t.teardown(() => proxy.stop())

/**
 * A backend that answers the first request of each connection and resets the connection when another comes: the worst
 * moment to close that a backend could choose.
 */
async function startResetting(): Promise<{ url: string; seen: string[]; marks: string[]; stop: () => void }> {
  const seen: string[] = []
  const marks: string[] = []
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
      marks.push(...(String(data).match(/^x-(?:envoy|cep)-.*$/gim) ?? []))
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, marks, stop }
}

t.test('a backend that closes a connection as a request arrives on it is not seen by users', async (t) => {
  const backend = await startResetting()
  t.teardown(backend.stop)
  await proxy.route('/reset', backend.url)
  const asked: string[] = []
  for (let round = 0; round < 40; round += 1) {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      const path = `/reset/${round}`
      asked.push(`${method} ${path}`)
      const { status } = await ask(proxy.port, path, { method })
      if (status !== 200) t.fail(`${method} ${path}: ${status}`)
    }
  }
  t.strictSame([...backend.seen].sort(), asked.sort(), 'each was answered once')
  t.strictSame(backend.marks, [], 'nothing tells the backend that it was sent again')
})

t.test('nor one that closes all its idle connections together', async (t) => {
  const AT_ONCE = 20
  // Envoy would repeat three at once.
  const ENOUGH = 7
  const ages = new Map<Socket, number>()
  let age = 0
  let met = 0
  const server = createServer((socket) => {
    ages.set(socket, age)
    socket.on('error', () => {})
    socket.on('data', () => {
      if (ages.get(socket) === age) return socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      met += 1
      for (const [other, since] of ages) if (since < age) setImmediate(() => other.resetAndDestroy())
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => {
    agent.destroy()
    server.close()
  })
  await proxy.route('/together', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  // How many of the connections are still there when the next requests come is a matter of a tenth of a second.
  for (; age < 50 && met < ENOUGH; age += 1) {
    met = 0
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => ask(proxy.port, '/together', { agent })))
    t.strictSame([...new Set(answers.map(({ status }) => status))], [200])
  }
  t.ok(met >= ENOUGH, `${met} requests at once met a connection that was closing`)
})

t.test('a request that is not repeated meets no connection that its backend closes for being idle', async (t) => {
  const IDLE_MS = 1000
  const server = createServer((socket) => {
    socket.on('error', () => {})
    let idle: NodeJS.Timeout | undefined
    socket.on('data', () => {
      clearTimeout(idle)
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      idle = setTimeout(() => socket.resetAndDestroy(), IDLE_MS)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  await proxy.route('/idle', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const user = async () => {
    for (let round = 0; round < 3; round += 1) {
      t.equal((await ask(proxy.port, '/idle', { method: 'DELETE' })).status, 200)
      await delay(IDLE_MS - 3 + Math.random() * 6)
    }
  }
  await Promise.all(Array.from({ length: 30 }, user))
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

t.test('a request that its backend dies of runs once, whatever it is', async (t) => {
  const seen: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (data) => {
      const line = String(data).slice(0, String(data).indexOf(' HTTP'))
      if (line.endsWith('/warm')) return socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
      seen.push(line)
      if (line.endsWith('/slowly')) setTimeout(() => socket.destroy(), 600)
      else socket.resetAndDestroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await proxy.route('/dies', url)
  const upgrade = { connection: 'upgrade', upgrade: 'websocket' }
  const requests = [
    ...['GET', 'HEAD', 'OPTIONS', 'POST'].map((method) => ({ path: '/dies/at-once', method })),
    { path: '/dies/at-once', method: 'GET', headers: upgrade },
  ]
  for (const { path, ...options } of requests) {
    const before = seen.length
    const { status, body } = await ask(proxy.port, path, options)
    t.equal(status, 503)
    if (options.method === 'GET' && !('headers' in options)) t.match(body, /<title>/, 'with a page')
    t.equal(seen.length - before, 1, `${options.method} on a new connection`)
  }
  // A route of its own: where a repeat was just refused, the next one is as well.
  await proxy.route('/slow', url)
  t.equal((await ask(proxy.port, '/slow/warm')).status, 200)
  const before = seen.length
  t.equal((await ask(proxy.port, '/slow/slowly')).status, 503)
  t.equal(seen.length - before, 1, 'on a connection that was used before, if it takes its time')
  // The connection may have been closing, so it is sent again; that a new one ends is the request's doing.
  for (let route = 0; route < 10; route += 1) {
    await proxy.route(`/dies/${route}`, url)
    t.equal((await ask(proxy.port, `/dies/${route}/warm`)).status, 200)
    const soon = seen.length
    t.equal((await ask(proxy.port, `/dies/${route}/at-once`)).status, 503)
    if (seen.length - soon > 2) t.fail(`${seen.length - soon} times on a connection that was used just before`)
  }
})

t.test('connections are reused by all requests while there are some, and not kept', async (t) => {
  const opened: Socket[] = []
  const backend = await Backend.start('counting', (request, response) => {
    if (!opened.includes(request.socket)) opened.push(request.socket)
    request.resume().on('end', () => response.end())
  })
  t.teardown(() => backend.stop())
  await proxy.route('/count', backend.url)
  const REQUESTS = 200
  for (const method of ['GET', 'POST']) {
    const before = opened.length
    for (let i = 0; i < REQUESTS; i += 1) {
      await ask(proxy.port, '/count', { method }, method === 'POST' ? 'a=1' : undefined)
    }
    const connections = opened.length - before
    t.ok(connections < REQUESTS / 4, `${connections} connections for ${REQUESTS} ${method}`)
  }
  await eventually(() => opened.every((socket) => socket.destroyed), 'they are closed', 1_500)
})

t.test('a connection that is closed holds no port, and for the backend it ends as ever', async (t) => {
  const AT_ONCE = 30
  const opened: Socket[] = []
  const errors: Error[] = []
  let waiting: Array<() => void> = []
  const backend = await Backend.start('ends', (request, response) => {
    opened.push(request.socket.on('error', (error) => errors.push(error)))
    request.resume()
    waiting.push(() => response.end())
    if (waiting.length === AT_ONCE) for (const answer of waiting) answer()
  })
  t.teardown(() => backend.stop())
  await proxy.route('/ends', backend.url)
  for (let burst = 0; burst < 3; burst += 1) {
    waiting = []
    const answers = Array.from({ length: AT_ONCE }, () => ask(proxy.port, '/ends', { method: 'POST' }, 'a=1'))
    t.ok((await Promise.all(answers)).every(({ status }) => status === 200))
    await eventually(() => opened.every((socket) => socket.destroyed), 'they are closed')
  }
  t.equal(new Set(opened).size, 3 * AT_ONCE, 'each burst has new connections')
  const held = (await heldPorts()).filter(({ remotePort }) => remotePort === backend.port)
  t.equal(held.length, 0)
  t.strictSame(errors, [])
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
