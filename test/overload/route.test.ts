import t from 'tap'
import { Backend } from '../support/backend.js'
import { ask, backendOf } from '../support/http.js'
import { ProxyProcess } from '../support/proxy.js'
import { RawConnection, upgradeRequest } from '../support/raw-connection.js'
import { eventually } from '../support/wait.js'

const [alice, bob] = await Promise.all([Backend.start('alice'), Backend.start('bob')])
t.teardown(() => Promise.all([alice.stop(), bob.stop()]))

async function start(args: readonly string[]): Promise<ProxyProcess> {
  const proxy = await ProxyProcess.start(args)
  await proxy.route('/alice', alice.url)
  await proxy.route('/bob', bob.url)
  return proxy
}

t.test('a route that has as much under way as it may gets 503 for more, others go on', async (t) => {
  const proxy = await start(['--max-requests-per-route', '20'])
  t.teardown(() => proxy.stop())
  const sockets = await RawConnection.openMany(20, proxy.port, upgradeRequest('/alice'))
  t.teardown(() => sockets.forEach((socket) => void socket.end()))
  for (const socket of sockets) t.equal((await socket.answered()).status, 101)

  for (const method of ['GET', 'POST']) {
    const { status, headers, body } = await ask(proxy.port, '/alice', { method })
    t.equal(status, 503, method)
    t.equal(headers['retry-after'], '10')
    t.match(body, /<!DOCTYPE html>/)
  }
  const one = await (await RawConnection.open(proxy.port, upgradeRequest('/alice'))).answered()
  t.match(one.received, /^HTTP\/1.1 503 .*^retry-after: 10\r$.*\r\n\r\n$/ims, 'a websocket gets no page')
  one.end()
  const burst = await Promise.all(Array.from({ length: 300 }, () => ask(proxy.port, '/alice')))
  t.ok(
    burst.every(({ status }) => status === 503),
    'a burst is refused, not kept waiting',
  )
  t.equal(await backendOf(proxy.port, '/bob'), 'bob')

  sockets[0]?.end()
  await eventually(async () => (await backendOf(proxy.port, '/alice')) === 'alice', 'there is room for one again')
})

t.test('503 for another reason says nothing of when to come back', async (t) => {
  const proxy = await start([])
  t.teardown(() => proxy.stop())
  await proxy.route('/gone', 'http://127.0.0.1:9')
  const { status, headers } = await ask(proxy.port, '/gone')
  t.equal(status, 503)
  t.notOk('retry-after' in headers)
})

t.test('of many that come at once on several workers, each is answered', async (t) => {
  const proxy = await start(['--workers', '4', '--max-requests-per-route', '500'])
  t.teardown(() => proxy.stop())
  for (const round of [1, 2, 3]) {
    const open = () => RawConnection.open(proxy.port, upgradeRequest('/alice'))
    const sockets = await Promise.all(Array.from({ length: 1_500 }, open))
    for (const socket of sockets) await socket.answered()
    const count = (status: number) => sockets.filter((socket) => socket.status === status).length
    t.strictSame([count(101), count(503)], [500, 1_000], `round ${round}`)
    for (const socket of sockets) socket.end()
    await eventually(async () => (await backendOf(proxy.port, '/alice')) === 'alice', 'there is room again')
  }
})
