import t from 'tap'
import { clusterName, ERROR_TARGET, TYPE_URL } from '../../src/resources/names.js'
import { TestResolver } from '../names/test-resolver.js'
import { turns } from './clock.js'
import { World } from './world.js'

async function start(t: { teardown(fn: () => unknown): unknown }) {
  const resolver = new TestResolver()
  resolver.names.set('a-host', ['10.0.0.1'])
  const world = await World.start(t, { resolver })
  const envoy = await world.envoy()
  t.teardown(() => envoy.disconnect(false))
  /** Has the name have other addresses, and all that follows from that happen. */
  const move = async (...addresses: string[]) => {
    resolver.names.set('a-host', addresses)
    await world.clock.pass(400_000)
    await turns()
  }
  return { resolver, world, envoy, move }
}

t.test('new addresses that an Envoy refuses leave the route as it was, and the log says so', async (t) => {
  const { world, envoy, move } = await start(t)
  t.equal((await world.post('/a', 'http://a-host:80').answered).status, 201)
  const version = envoy.version(TYPE_URL.cluster, clusterName('/a'))
  envoy.refuses = (name, other) => (name === clusterName('/a') && other !== version ? 'not these' : undefined)
  await move('10.0.0.2')
  t.equal(envoy.target('/a'), '10.0.0.1:80')
  t.strictSame(
    world.log.filter((line) => line.includes('rejected')),
    ['warn: Envoy rejected the route /a. It is served as it was before: not these'],
  )
})

t.test('so they do in a batch, and an Envoy that comes later may take them', async (t) => {
  const { world, envoy, move } = await start(t)
  for (const key of ['/a', '/b']) t.equal((await world.post(key, 'http://a-host:80').answered).status, 201)
  const versions = ['/a', '/b'].map((key) => envoy.version(TYPE_URL.cluster, clusterName(key)))
  envoy.refuses = (name, other) => (/^r:.[ab]$/.test(name) && !versions.includes(other) ? 'not these' : undefined)
  await move('10.0.0.2')
  const next = await world.envoy()
  t.equal(next.target('/a'), '10.0.0.2:80')
  const lines = world.log.filter((line) => line.includes('rejected')).sort()
  t.strictSame(lines, [
    'warn: Envoy rejected the route /a. It is served as it was before: not these',
    'warn: Envoy rejected the route /b. It is served as it was before: not these',
  ])
})

t.test('a name that moves while the store refuses its new route is followed under the old one', async (t) => {
  const { resolver, world, envoy, move } = await start(t)
  resolver.names.set('other', ['10.0.9.9'])
  t.equal((await world.post('/a', 'http://a-host:80').answered).status, 201)
  world.store.hold()
  const change = world.post('/a', 'http://other:80')
  await turns()
  t.equal(envoy.target('/a'), '10.0.9.9:80')
  world.store.failsWith = 'the disk is full'
  world.store.release()
  t.equal((await change.answered).status, 507)
  t.equal(envoy.target('/a'), '10.0.0.1:80')
  await move('10.0.0.2')
  t.equal(envoy.target('/a'), '10.0.0.2:80')
})

t.test('a name that nobody knows is left to Envoy, until somebody does', async (t) => {
  const { resolver, world, envoy } = await start(t)
  t.equal((await world.post('/a', 'http://unknown:80').answered).status, 201)
  t.equal(envoy.target('/a'), 'unknown:80')
  resolver.names.set('unknown', ['10.0.0.7'])
  await world.clock.pass(2_000)
  await turns()
  t.equal(envoy.target('/a'), '10.0.0.7:80')
})

t.test('the host of the error target is resolved as any other, and kept when no route leads there', async (t) => {
  const resolver = new TestResolver()
  resolver.names.set('hub', ['10.0.0.1'])
  const world = await World.start(t, { resolver, argv: ['--error-target', 'http://hub:8081/hub/error'] })
  const envoy = await world.envoy()
  t.teardown(() => envoy.disconnect(false))
  const errorTarget = () => envoy.addressOf(ERROR_TARGET)
  t.equal(errorTarget(), '10.0.0.1:8081')
  t.equal((await world.post('/', 'http://hub:8081').answered).status, 201)
  t.equal((await world.delete('/').answered).status, 204)
  resolver.names.set('hub', ['10.0.0.2'])
  await world.clock.pass(400_000)
  await turns()
  t.equal(errorTarget(), '10.0.0.2:8081', 'by its time to live')
  resolver.names.set('hub', ['10.0.0.3'])
  world.core.errorTarget.maybeFailing()
  await world.clock.pass(5_000)
  await turns()
  t.equal(errorTarget(), '10.0.0.3:8081', 'or when requests fail')
})
