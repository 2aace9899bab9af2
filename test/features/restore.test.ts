import t from 'tap'
import { turns } from './clock.js'
import { World } from './world.js'

const [OLD, NEW] = ['127.0.0.1:1', '127.0.0.1:2']

t.test('a change that the store refuses is taken back from an Envoy that stops answering', async (t) => {
  const world = await World.start(t)
  const envoy = await world.envoy()
  t.equal((await world.post('/a', `http://${OLD}`).answered).status, 201)
  world.store.hold()
  const change = world.post('/a', `http://${NEW}`)
  await turns()
  t.equal(envoy.target('/a'), NEW, 'Envoy has it, the store not yet')
  envoy.answers = false
  world.store.failsWith = 'the disk is full'
  world.store.release()
  await world.clock.pass(10_000)
  t.match(await change.answered, { status: 507, body: /the disk is full/ }, 'what failed is said, not what followed')
  await world.clock.pass(60_000)
  t.match(await world.get('/a'), { target: `http://${OLD}` })
  const next = await world.envoy()
  t.equal(next.target('/a'), OLD, 'an Envoy that comes later gets what table and store have')
  envoy.answerAll()
  t.equal(envoy.target('/a'), OLD, 'and so does this one when it answers again')
})

t.test('a new route that the store refuses is in no Envoy, whatever the one there does', async (t) => {
  const world = await World.start(t)
  const envoy = await world.envoy()
  world.store.hold()
  const change = world.post('/a', `http://${NEW}`)
  await turns()
  envoy.answers = false
  world.store.failsWith = 'the disk is full'
  world.store.release()
  await world.clock.pass(10_000)
  t.equal((await change.answered).status, 507)
  await world.clock.pass(60_000)
  t.equal((await world.envoy()).target('/a'), undefined, 'one that comes later does not get it')
  t.equal((await world.delete('/a').answered).status, 404)
  envoy.answerAll()
  t.equal(envoy.target('/a'), undefined)
})

t.test('a removal that the store refuses is taken back from an Envoy that stops answering', async (t) => {
  const world = await World.start(t)
  const envoy = await world.envoy()
  await world.post('/a', `http://${OLD}`).answered
  world.store.hold()
  const change = world.delete('/a')
  await turns()
  t.equal(envoy.target('/a'), undefined)
  envoy.answers = false
  world.store.failsWith = 'the disk is full'
  world.store.release()
  await world.clock.pass(10_000)
  t.match(await change.answered, { status: 507, body: /the disk is full/ })
  await world.clock.pass(60_000)
  t.match(await world.get('/a'), { target: `http://${OLD}` })
  t.equal((await world.envoy()).target('/a'), OLD)
  envoy.answerAll()
  t.equal(envoy.target('/a'), OLD)
})
