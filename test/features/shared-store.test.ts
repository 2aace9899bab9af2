import t from 'tap'
import { TestResolver } from '../names/test-resolver.js'
import { SharedRoutes } from '../support/shared-store.js'
import { turns } from './clock.js'
import { startTwo, startWorld } from './two-worlds.js'
import { World } from './world.js'

/*
 * Two control planes, each with an Envoy of its own, over one store. What is shown is the table's part of that: how many
 * control planes agree on when to answer is the store's.
 */

const [OLD, NEW] = ['127.0.0.1:1', '127.0.0.1:2']

t.test('what is added, changed and removed by one control plane is so at the other', async (t) => {
  const [, one, other] = await startTwo(t)
  for (const target of [OLD, NEW]) {
    t.equal((await one.world.post('/a', `http://${target}`, { user: 'ann' }).answered).status, 201)
    await turns()
    t.equal(other.envoy.target('/a'), target)
    t.strictSame(await other.world.get('/a'), await one.world.get('/a'))
  }
  t.equal((await other.world.delete('/a').answered).status, 204, 'which can remove it')
  await turns()
  t.equal(one.envoy.target('/a'), undefined)
  t.equal((await one.world.delete('/a').answered).status, 404, 'and then it is gone here too')
})

t.test('a control plane that starts has what was written before it watched and after', async (t) => {
  const shared = new SharedRoutes()
  const one = await startWorld(t, shared)
  await one.world.post('/a', `http://${OLD}`).answered
  const other = await startWorld(t, shared)
  await one.world.post('/b', `http://${NEW}`).answered
  await turns()
  t.strictSame([other.envoy.target('/a'), other.envoy.target('/b')], [OLD, NEW])
})

t.test('a route never flips back to what an older event tells', async (t) => {
  const [shared, one, other] = await startTwo(t)
  shared.holds = true
  await other.world.post('/a', `http://${OLD}`).answered
  await one.world.post('/a', `http://${NEW}`).answered
  one.envoy.received.length = 0
  shared.tell()
  await turns()
  t.equal(one.envoy.received.length, 0, 'its Envoy hears nothing of that')
  t.strictSame([one.envoy.target('/a'), other.envoy.target('/a')], [NEW, NEW], 'and both end with the last write')

  await one.world.delete('/a').answered
  await other.world.post('/a', `http://${OLD}`).answered
  shared.tell()
  await turns()
  t.strictSame([one.envoy.target('/a'), other.envoy.target('/a')], [OLD, OLD])
  await one.world.post('/a', `http://${NEW}`).answered
  shared.tell()
  await turns()
  t.strictSame([one.envoy.target('/a'), other.envoy.target('/a')], [NEW, NEW], 'its own write is no news for ever')
})

t.test('an event of a route that is being changed here waits for that', async (t) => {
  const [shared, one, other] = await startTwo(t)
  one.envoy.answers = false
  const change = one.world.post('/a', `http://${NEW}`)
  await turns()
  await other.world.post('/a', `http://${OLD}`).answered
  await turns()
  t.equal(await one.world.get('/a'), undefined)
  one.envoy.answers = true
  one.envoy.answerAll()
  t.equal((await change.answered).status, 201)
  await turns()
  t.equal(shared.routes.get('/a')?.data.target, `http://${NEW}`, 'the later write')
  t.strictSame([one.envoy.target('/a'), other.envoy.target('/a')], [NEW, NEW])
})

t.test('a write whose answer was lost fails, and is there nevertheless once the store tells of it', async (t) => {
  const [shared, one, other] = await startTwo(t)
  await one.world.post('/a', `http://${OLD}`).answered
  shared.losesAnswer = true
  t.equal((await one.world.post('/a', `http://${NEW}`).answered).status, 500)
  await turns()
  for (const { world, envoy } of [one, other]) {
    t.equal(envoy.target('/a'), NEW)
    t.match(await world.get('/a'), { target: `http://${NEW}` })
  }
  t.equal((await one.world.post('/a', `http://${NEW}`).answered).status, 201, 'whoever asks again is told so')
})

t.test('an Envoy that refuses a route of another control plane does not answer for those beside it', async (t) => {
  const [shared, one, other] = await startTwo(t)
  const beside = await other.world.envoy()
  other.envoy.refuses = (name) => (name === 'r:/a' ? 'not here' : undefined)
  beside.answers = false
  t.equal((await one.world.post('/a', `http://${OLD}`).answered).status, 201)
  await turns()
  t.strictSame(shared.applied, ['1 done'], 'one has yet to answer')
  beside.answerAll()
  await turns()
  t.equal(beside.target('/a'), OLD)
  t.match(shared.applied, ['1 done', /^1 refused: .*not here/])
})

t.test('a route that the Envoy of another control plane refuses is there, and shown as refused', async (t) => {
  const [shared, one, other] = await startTwo(t)
  other.envoy.refuses = (name) => (name === 'r:/a' ? 'not here' : undefined)
  t.equal((await one.world.post('/a', `http://${OLD}`).answered).status, 201)
  await turns()
  t.match(await other.world.get('/a'), { target: `http://${OLD}`, rejected: /not here/ })
  const alone = await other.world.call('GET', '/a').answered
  t.match(JSON.parse(alone.body), { target: `http://${OLD}`, rejected: /not here/ }, 'also alone')
  t.match(shared.applied, ['1 done', /^1 refused: .*not here/])
  t.equal((await other.world.delete('/a').answered).status, 204)
  t.equal((await one.world.post('/a', `http://${OLD}`).answered).status, 201)
})

t.test('an event is applied once every Envoy that serves has it', async (t) => {
  const [shared, one, other] = await startTwo(t)
  other.envoy.answers = false
  t.equal((await one.world.post('/a', `http://${OLD}`).answered).status, 201)
  await turns()
  t.strictSame(shared.applied, ['1 done'], 'by who wrote it')
  other.envoy.answerAll()
  await turns()
  t.strictSame(shared.applied, ['1 done', '1 done'])
})

t.test('an event is not held up by name servers that are slower here than for who wrote it', async (t) => {
  const shared = new SharedRoutes()
  const resolvers = [new TestResolver(), new TestResolver()] as const
  for (const resolver of resolvers) resolver.names.set('a-host', ['10.0.0.1'])
  const one = await startWorld(t, shared, resolvers[0])
  const other = await startWorld(t, shared, resolvers[1])
  resolvers[1].hangs = true
  t.equal((await one.world.post('/a', 'http://a-host:80').answered).status, 201)
  await other.world.clock.pass(1_500)
  t.strictSame(shared.applied, ['1 done', '1 done'])
  resolvers[1].answerAll()
  await turns()
  t.equal(other.envoy.target('/a'), '10.0.0.1:80', 'the addresses come later')
})

t.test('two control planes that change one route at once do not wait for each other', async (t) => {
  const shared = new SharedRoutes()
  const isEverywhere = (revision: bigint) => shared.applied.filter((line) => line === `${revision} done`).length === 2
  const openStore = () => ({
    ...shared.open(),
    agreed: async (revision: bigint) => {
      while (!isEverywhere(revision)) await turns()
    },
  })
  const worlds = [await World.start(t, { openStore }), await World.start(t, { openStore })] as const
  const envoys = [await worlds[0].envoy(), await worlds[1].envoy()]
  const calls = [worlds[0].post('/a', `http://${OLD}`), worlds[1].post('/a', `http://${NEW}`)]
  const answers = await Promise.all(calls.map(({ answered }) => answered))
  t.strictSame(
    answers.map(({ status }) => status),
    [201, 201],
  )
  const stored = shared.routes.get('/a')?.data.target
  for (const envoy of envoys) t.equal(`http://${envoy.target('/a')}`, stored)
})

t.test('a write on which not all agree is answered 503, and stays', async (t) => {
  const shared = new SharedRoutes()
  let isAgreed = false
  const agreed = async () => {
    if (!isAgreed) throw Object.assign(new Error('not all have confirmed it'), { statusCode: 503 })
  }
  const world = await World.start(t, { openStore: () => ({ ...shared.open(), agreed }) })
  const envoy = await world.envoy()
  const answer = await world.post('/a', `http://${OLD}`).answered
  t.match(answer, { status: 503, body: /not all have confirmed it/ })
  t.equal(envoy.target('/a'), OLD)
  t.match(await world.get('/a'), { target: `http://${OLD}` })
  t.equal((await world.delete('/b').answered).status, 503, 'nor that a route is nowhere')
  isAgreed = true
  t.equal((await world.delete('/b').answered).status, 404)
  t.equal((await world.post('/a', `http://${OLD}`).answered).status, 201, 'whoever asks again is told')
})
