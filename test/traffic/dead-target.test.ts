import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { WebSocket } from 'ws'
import { Backend } from '../support/backend.js'
import { BlackHole } from '../support/black-hole.js'
import { ask, backendOf } from '../support/http.js'
import { Users } from '../support/load.js'
import { ProxyProcess } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

/** How long a user may wait for the page that says so. */
const LIMIT_MS = 10_000

t.test('who asks for a dead target is told within 10 s, and nobody else on the same worker notices', async (t) => {
  const [proxy, hole, backend] = await Promise.all([
    ProxyProcess.start(['--workers', '1']),
    BlackHole.open(),
    Backend.start('a'),
  ])
  t.teardown(async () => {
    hole.close()
    await Promise.all([proxy.stop(), backend.stop()])
  })
  await proxy.route('/user/dead', hole.url)
  await proxy.route('/user/a', backend.url)
  const users = await Users.start(proxy.port, '/user/a', { rps: 100, websockets: 5 })
  t.teardown(() => users.stop())

  const told = async (method: string) => {
    const begin = performance.now()
    const { status, body } = await ask(proxy.port, '/user/dead', { method })
    t.equal(status, 503, method)
    if (method !== 'HEAD') t.match(body, '<title>', 'with a page')
    t.ok(performance.now() - begin < LIMIT_MS, `${method} took ${performance.now() - begin} ms`)
  }
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/user/dead`)
  const refused = once(socket, 'unexpected-response').then(([, response]) => t.equal(response.statusCode, 503))
  // As many that never end as a hub's users could make, and few enough that the log lists each failure.
  const stalled = Array.from({ length: 80 }, () => {
    const client = connect(proxy.port, '127.0.0.1').on('error', () => {})
    client.write('POST /user/dead HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n')
    client.write(Buffer.alloc(500_000))
    return client
  })
  t.teardown(() => {
    for (const client of stalled) client.destroy()
  })
  await Promise.all([...['GET', 'HEAD', 'OPTIONS', 'POST'].map(told), refused])
  for (const method of ['GET', 'POST']) {
    await eventually(
      () => proxy.output.includes(`503 ${method} /user/dead the target does not accept the connection`),
      'the log says why',
    )
  }
  t.equal(await backendOf(proxy.port, '/user/a'), 'a')
  t.equal(users.websockets, 5)
  await users.stop()
  t.ok(users.requests > 500, `${users.requests} requests`)
  t.strictSame(users.failures, [])
})

t.test('a target that takes nothing for a while gets all of an upload later, and harms nobody meanwhile', async (t) => {
  const BYTES = 20_000_000
  let stopped = true
  let go = () => {}
  const slow = await Backend.start('slow', (request, response) => {
    let bytes = 0
    if (stopped) request.pause()
    go = () => request.resume()
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    request.on('end', () => response.end(String(bytes)))
  })
  const [proxy, backend] = await Promise.all([ProxyProcess.start(['--workers', '1']), Backend.start('a')])
  t.teardown(() => Promise.all([proxy.stop(), backend.stop(), slow.stop()]))
  await proxy.route('/user/slow', slow.url)
  await proxy.route('/user/a', backend.url)
  const users = await Users.start(proxy.port, '/user/a', { rps: 100, websockets: 5 })
  t.teardown(() => users.stop())
  const upload = ask(proxy.port, '/user/slow', { method: 'PUT' }, 'x'.repeat(BYTES))
  // Far longer than Envoy needs to fill all buffers.
  await users.asked(300)
  stopped = false
  go()
  t.match(await upload, { status: 200, body: String(BYTES) })
  await users.stop()
  t.strictSame(users.failures, [])
})
