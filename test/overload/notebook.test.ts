import t from 'tap'
import { Backend } from '../support/backend.js'
import { backendOf } from '../support/http.js'
import { residentMemory } from '../support/memory.js'
import { ProxyProcess } from '../support/proxy.js'
import { RawConnection, upgradeRequest } from '../support/raw-connection.js'

t.test('a notebook opens 5,000 websockets, by default limits, and others notice nothing', async (t) => {
  const [alice, bob] = await Promise.all([Backend.start('alice'), Backend.start('bob')])
  const proxy = await ProxyProcess.start()
  t.teardown(() => Promise.all([proxy.stop(), alice.stop(), bob.stop()]))
  await proxy.route('/alice', alice.url)
  await proxy.route('/bob', bob.url)
  const envoy = await proxy.envoyPid()
  const before = await residentMemory(envoy)

  const sockets: RawConnection[] = []
  t.teardown(() => sockets.forEach((socket) => void socket.end()))
  const bobs = new Set<string | number>()
  while (sockets.length < 5_000) {
    sockets.push(...(await RawConnection.openMany(100, proxy.port, upgradeRequest('/alice'))))
    bobs.add(await backendOf(proxy.port, '/bob'))
  }
  t.strictSame([...bobs], ['bob'], 'all the while')
  for (const socket of sockets) await socket.answered()
  const count = (status: number) => sockets.filter((socket) => socket.status === status).length
  t.equal(count(101), 2_000)
  t.equal(count(503), 3_000)
  const after = await residentMemory(envoy)
  t.comment(`Envoy: ${before.toFixed()} MiB before, ${after.toFixed()} MiB with them`)
  t.ok(after < 400, `${after} MiB leave room in 1 GiB`)
  t.equal(await backendOf(proxy.port, '/bob'), 'bob')
  t.equal((await proxy.api('GET', '')).status, 200)
})
