import t from 'tap'
import { TYPE_URL } from '../../src/resources/names.js'
import { World } from './world.js'

const TARGET = 'http://127.0.0.1:1'

t.test("a route that Envoy refuses is answered with Envoy's reason, and nothing has changed", async (t) => {
  const world = await World.start(t)
  const envoy = await world.envoy()
  envoy.refuses = (name) => (name === 'r:/a' ? 'no good' : undefined)
  const [refused, other] = [world.post('/a', TARGET), world.post('/b', TARGET)]
  const { status, body } = await refused.answered
  t.equal(status, 400)
  t.equal(body, 'Envoy rejected the route: no good')
  t.equal((await other.answered).status, 201)
  t.equal(await world.get('/a'), undefined)
  t.ok(world.log.includes('warn: Envoy rejected the route /a. Nothing changed: no good'))
})

t.test('a change that Envoy does not acknowledge, or no Envoy is there for, is answered so', async (t) => {
  const world = await World.start(t)
  const alone = world.post('/a', TARGET)
  await world.clock.pass(10_000)
  t.equal(alone.answer?.status, 503)
  t.match(alone.answer?.body, /The route was not changed: no Envoy was connected for 10 s/)

  const envoy = await world.envoy()
  t.equal((await world.post('/a', TARGET).answered).status, 201)
  envoy.answers = false
  const changes = [world.post('/b', TARGET), world.delete('/a')]
  await world.clock.pass(10_000)
  for (const { answer } of changes) {
    t.equal(answer?.status, 503)
    t.match(answer?.body, /The route was not changed: Envoy did not acknowledge it within 10 s/)
  }
  envoy.answers = true
  envoy.answerAll()
  t.equal(envoy.version(TYPE_URL.cluster, 'r:/b'), undefined, 'it is taken back')
  t.equal(envoy.target('/a'), '127.0.0.1:1')
})
