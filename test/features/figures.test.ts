import t from 'tap'
import { clusterName } from '../../src/resources/names.js'
import { TestResolver } from '../names/test-resolver.js'
import { turns } from './clock.js'
import { World } from './world.js'

t.test('changes are counted by how they end, with the time that Envoys and the store take', async (t) => {
  const world = await World.start(t)
  const envoy = await world.envoy()
  t.equal((await world.post('/a', 'http://10.0.0.1:80').answered).status, 201)
  t.equal((await world.delete('/a').answered).status, 204)
  envoy.refuses = (name) => (name === clusterName('/bad') ? 'not this' : undefined)
  t.equal((await world.post('/bad', 'http://10.0.0.1:80').answered).status, 400)
  world.store.failsWith = 'the disk is full'
  t.equal((await world.post('/b', 'http://10.0.0.1:80').answered).status, 507)
  const { changes, writes } = world.observations
  t.strictSame([changes.added.count, changes.removed.count, changes.failures], [2, 1, 1])
  t.strictSame([writes.writes.count, writes.failures], [3, 1])
  t.ok(changes.added.sum > 0)
})

t.test('an Envoy has as many resources pending as it has not answered for', async (t) => {
  const world = await World.start(t)
  const [quick, slow] = [await world.envoy(), await world.envoy()]
  slow.answers = false
  const call = world.post('/a', 'http://10.0.0.1:80')
  await turns()
  t.match([quick.stream?.state.pending, slow.stream?.state.pending], [0, 1])
  slow.answerAll()
  await call.answered
  t.equal(slow.stream?.state.pending, 0)
})

t.test('failed queries and names without an address are counted', async (t) => {
  const resolver = new TestResolver()
  resolver.names.set('known', ['10.0.0.1'])
  const world = await World.start(t, { resolver })
  await world.envoy()
  await world.post('/a', 'http://known:80').answered
  t.equal(world.observations.failedQueries, 0)
  await world.post('/b', 'http://unknown:80').answered
  t.equal(world.observations.failedQueries, 1)
  t.strictSame(world.core.addresses.count, { used: 2, unresolved: 1 })
  resolver.names.set('unknown', ['10.0.0.2'])
  await world.clock.pass(2_000)
  t.strictSame(world.core.addresses.count, { used: 2, unresolved: 0 })
})
