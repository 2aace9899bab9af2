import t from 'tap'
import { PUBLIC_ROUTES, TYPE_URL } from '../../src/resources/names.js'
import { turns } from './clock.js'
import type { SimulatedEnvoy } from './envoy.js'
import { TestStore } from './store.js'
import { World } from './world.js'

const TARGET = 'http://127.0.0.1:1'

const TYPE_NAMES = new Map<string, string>(Object.entries(TYPE_URL).map(([name, url]) => [url, name]))

/** The types of the responses that an Envoy has got and not answered. */
function waiting({ unanswered }: SimulatedEnvoy): Array<string | undefined> {
  return unanswered.map(({ type_url = '' }) => TYPE_NAMES.get(type_url))
}

function configuration(envoy: SimulatedEnvoy): string | undefined {
  return envoy.version(TYPE_URL.routeConfiguration, PUBLIC_ROUTES)
}

const BEYOND = {
  'a deeper route': ['/user/al/lab', TARGET],
  'a target with a path': ['/user/al', `${TARGET}/base`],
} as const

for (const [what, [routespec, target]] of Object.entries(BEYOND)) {
  t.test(`${what} than any before is answered once Envoy also finds it`, async (t) => {
    const world = await World.start(t)
    const envoy = await world.envoy()
    const before = configuration(envoy)
    envoy.answers = false
    const post = world.post(routespec, target)
    await turns()
    t.strictSame(waiting(envoy), ['routeConfiguration'])
    envoy.answer()
    await turns()
    t.not(configuration(envoy), before)
    t.strictSame(waiting(envoy), ['cluster'])
    t.equal(post.answer, undefined)
    envoy.answer()
    t.equal((await post.answered).status, 201)

    t.comment('the next one needs its cluster only, also when the first is gone')
    const gone = world.delete(routespec)
    await turns()
    t.strictSame(waiting(envoy), ['cluster'])
    envoy.answerAll()
    t.equal((await gone.answered).status, 204)
    const next = world.post(routespec, target)
    await turns()
    t.strictSame(waiting(envoy), ['cluster'])
    envoy.answerAll()
    t.equal((await next.answered).status, 201)
  })
}

t.test('an Envoy that does not take the way to a route fails its POST, and so the next', async (t) => {
  const world = await World.start(t)
  const envoy = await world.envoy()
  envoy.answers = false
  for (const routespec of ['/a/b/c', '/d/e/f']) {
    const post = world.post(routespec, TARGET)
    await world.clock.pass(10_000)
    t.equal((await post.answered).status, 503, routespec)
    t.strictSame(waiting(envoy), ['routeConfiguration'])
  }
  const last = world.post('/a/b/c', TARGET)
  await turns()
  envoy.answers = true
  envoy.answerAll()
  t.equal((await last.answered).status, 201)
  t.equal(envoy.target('/a/b/c'), '127.0.0.1:1')
})

t.test('the way to stored routes is there from the start', async (t) => {
  const lastActivity = new Date(0)
  const store = new TestStore([{ routespec: '/a/b/c/d', data: { target: `${TARGET}/base` }, lastActivity }])
  const world = await World.start(t, { store })
  const envoy = await world.envoy()
  const before = configuration(envoy)
  t.equal((await world.post('/e/f/g/h', `${TARGET}/other`).answered).status, 201)
  t.equal(configuration(envoy), before)
})
