import t from 'tap'
import type { Route } from '../../src/routing/route.js'
import { turns } from './clock.js'
import { TestStore } from './store.js'
import { World } from './world.js'

const [OLD, NEW] = ['http://127.0.0.1:1', 'http://127.0.0.1:2']

function stored(target: string): Route {
  return { routespec: '/', data: { target, jupyterhub: true }, lastActivity: new Date('2026-01-02T03:04:05Z') }
}

t.test('a default target that is stored already is left as it is', async (t) => {
  const store = new TestStore([stored(OLD)])
  store.failsWith = 'the disk is full'
  const world = await World.start(t, { store, argv: ['--default-target', OLD] })
  t.strictSame(store.calls, ['load'])
  t.strictSame(await world.get('/'), {
    target: OLD,
    jupyterhub: true,
    last_activity: '2026-01-02T03:04:05.000Z',
  })
})

t.test('a default target that can not be stored is served, and that is said', async (t) => {
  const store = new TestStore([stored(OLD)])
  store.failsWith = 'the disk is full'
  const world = await World.start(t, { store, argv: ['--default-target', NEW] })
  const envoy = await world.envoy()
  t.equal(envoy.target('/'), '127.0.0.1:2')
  t.match(await world.get('/'), { target: NEW })
  t.match(world.log, [/warn: The default target is in use, but could not be stored: .*the disk is full/])
  store.failsWith = undefined
  world.core.table.touch('/', new Date())
  await world.core.table.storeActivity(new Date(0))
  t.equal(store.target('/'), NEW, 'it is stored as soon as that can be')
})

t.test('what was lost is read before anything is written', async (t) => {
  const store = new TestStore()
  store.isNew = true
  const recovered = [{ ...stored(NEW), routespec: '/a' }]
  const world = await World.start(t, { store, recovered, argv: ['--default-target', OLD] })
  t.strictSame(store.calls, ['load', 'fill /a', 'put /'])
  t.match(await world.get('/a'), { target: NEW })
})

t.test('activity that is reported while a route is being changed is not lost', async (t) => {
  const world = await World.start(t)
  await world.envoy()
  await world.post('/old', OLD).answered
  world.store.hold()
  const changes = [world.post('/old', NEW), world.post('/new', NEW)]
  await turns()
  const later = new Date(Date.now() + 60_000)
  for (const key of ['/old', '/new']) world.core.table.touch(key, later)
  world.store.release()
  for (const { answered } of changes) t.equal((await answered).status, 201)
  for (const routespec of ['/old', '/new']) {
    t.match(await world.get(routespec), { target: NEW, last_activity: later.toISOString() })
  }
})
