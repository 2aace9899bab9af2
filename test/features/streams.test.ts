import t from 'tap'
import { SECRET, TYPE_URL } from '../../src/resources/names.js'
import { ANY_ENVOYS } from '../../src/xds/wait-policy.js'
import { Authority } from '../support/certificate.js'
import { turns } from './clock.js'
import { TestStore } from './store.js'
import { World } from './world.js'

const ROUTES = 3_000
/** No response is to be larger: a change waits for at most two of them besides its own. */
const MOST = 300

function storeOf(count: number): TestStore {
  return new TestStore(
    Array.from({ length: count }, (_, index) => ({
      routespec: `/user/${index}`,
      data: { target: `http://127.0.0.1:${index + 1}` },
      lastActivity: new Date(0),
    })),
  )
}

t.test('a change does not wait for all that an Envoy must get besides', async (t) => {
  const store = storeOf(ROUTES)
  const before = await World.start(t, { store })
  const envoy = await before.envoy()
  t.equal(envoy.target('/user/7'), '127.0.0.1:8')

  const world = await World.start(t, { store, argv: ['--max-requests-per-route', '7'] })
  envoy.disconnect()
  envoy.moveTo(world.core.collections)
  envoy.answers = false
  envoy.connect()
  await turns()
  const sizes = () => envoy.received.map(({ resources }) => resources?.length ?? 0)
  t.ok(sizes().length <= 2 && sizes().every((size) => size <= MOST), `it is told in parts: ${sizes()}`)

  const added = world.post('/a', 'http://127.0.0.1:9')
  const removed = world.delete(`/user/${ROUTES - 1}`)
  await turns()
  t.equal(added.answer, undefined)
  for (let answers = 0; answers < 3; answers += 1) {
    envoy.answer()
    await turns()
  }
  t.equal(envoy.target('/a'), '127.0.0.1:9')
  t.match([added.answer, removed.answer], [{ status: 201 }, { status: 204 }], 'with the third response at the latest')
  envoy.answerAll()
  t.ok(Math.max(...sizes()) <= MOST)
  t.equal(
    envoy.version(TYPE_URL.cluster, 'r:/user/9'),
    world.core.clusters.collection.get('r:/user/9')?.version,
    'and all comes',
  )
})

t.test('an Envoy that is back before its old stream has ended is waited for on its new one alone', async (t) => {
  const world = await World.start(t, { waitPolicy: ANY_ENVOYS })
  const envoy = await world.envoy()
  const old = envoy.stream
  envoy.connect()
  await turns()
  old?.close(true)
  const change = world.post('/a', 'http://127.0.0.1:9')
  await turns()
  t.equal(change.answer?.status, 201, 'at once')
  envoy.disconnect()
  const next = world.post('/b', 'http://127.0.0.1:9')
  await turns()
  t.equal(next.answer, undefined, 'one that is away is waited for')
  await world.clock.pass(ANY_ENVOYS.returnMs + 1)
  t.equal(next.answer?.status, 201)
})

t.test('what is asked for again is sent again, also where the question comes with an answer', async (t) => {
  const authority = await Authority.make()
  t.teardown(() => authority.remove())
  const { keyFile, certFile } = await authority.issue()
  const world = await World.start(t, { argv: ['--ssl-key', keyFile, '--ssl-cert', certFile] })
  const envoy = await world.envoy()
  const name = SECRET.publicCertificate
  const sent = () => envoy.received.filter(({ type_url }) => type_url === TYPE_URL.secret).length
  envoy.answers = false
  envoy.ask(TYPE_URL.secret, name)
  envoy.answer({ resource_names_subscribe: [name] })
  t.equal(sent(), 2, 'with the answer to it')
  envoy.answer({ resource_names_subscribe: [name], resource_names_unsubscribe: [name] })
  t.equal(sent(), 3, 'and given up in the same message')
  envoy.say({ type_url: TYPE_URL.secret, resource_names_unsubscribe: [name] })
  envoy.answer()
  envoy.ask(TYPE_URL.secret, name)
  t.equal(sent(), 4, 'or given up while it was under way')
  envoy.answer()
  t.equal(sent(), 4)
})
