import t from 'tap'
import type { Explanation } from '../../src/operations/explain/explanation.js'
import { SimulatedEnvoy } from '../features/envoy.js'
import { TestStore } from '../features/store.js'
import { textOf, until, World } from '../features/world.js'
import { TestResolver } from '../names/test-resolver.js'

/** Nothing listens there. */
const TARGET = 'http://127.0.0.1:9'

async function explain(world: World, path: string, host?: string): Promise<Explanation> {
  const query = new URLSearchParams({ path, ...(host === undefined ? {} : { host }) })
  const answer = await world.ask('GET', `/api/explain?${query}`)
  const body = await textOf(answer)
  if (answer.status !== 200) throw new Error(`${answer.status} ${body}`)
  return JSON.parse(body) as Explanation
}

t.test('the longest route takes the request, and the others are named', async (t) => {
  const world = await World.start(t)
  await world.envoy()
  await world.post('/', 'http://127.0.0.1:9').answered
  await world.post('/user/alice', 'http://127.0.0.1:9', { user: 'alice', server_name: '' }).answered
  const { route, candidates, envoys, asked } = await explain(world, '/user/alice/lab?token=secret')
  t.match(route, { routespec: '/user/alice', target: 'http://127.0.0.1:9', why: /longest.*: \/$/ })
  t.strictSame(
    candidates.map(({ routespec, takes }) => [routespec, takes]),
    [
      ['/user/alice', true],
      ['/', false],
    ],
  )
  t.match(envoys, [{ node: 'envoy-1', state: 'acknowledged', version: /./ }])
  t.equal(asked.path, '/user/alice/lab', 'without the query')
})

t.test('of what was posted, only what JupyterHub posts is shown', async (t) => {
  const world = await World.start(t)
  await world.envoy()
  const more = { user: 'alice', hub: true, cookie: 'a-secret', user_options: { key: 'a-secret' } }
  await world.post('/user/alice', 'http://me:a-secret@127.0.0.1:9/?key=a-secret', more).answered
  const explained = await explain(world, '/user/alice')
  t.match(explained.route?.posted, { target: 'http://127.0.0.1:9', user: 'alice', hub: true, cookie: '(not shown)' })
  t.notMatch(JSON.stringify(explained), 'a-secret')
})

t.test('a path without a route is named', async (t) => {
  const world = await World.start(t)
  await world.envoy()
  t.match(await explain(world, '/nowhere'), { reachable: false, route: null, findings: [{ cause: 'route_missing' }] })
})

t.test('a POST that Envoy refuses is named, until one succeeds', async (t) => {
  const world = await World.start(t)
  const envoy = await world.envoy()
  await world.post('/', TARGET).answered
  envoy.refuses = (name) => (name === 'r:/user/alice' ? 'no good' : undefined)
  await world.post('/user/alice', TARGET).answered
  const refused = await explain(world, '/user/alice/lab')
  t.match(refused.findings, [
    { cause: 'route_refused', what: /\/user\/alice was posted and Envoy refused it.*no good/ },
  ])
  t.match(refused.events, [{ kind: 'route_refused', subject: '/user/alice', count: 1 }])
  envoy.refuses = () => undefined
  await world.post('/user/alice', TARGET).answered
  t.notOk((await explain(world, '/user/alice/lab')).findings.some(({ cause }) => cause === 'route_refused'))
  await world.delete('/user/alice').answered
  t.match((await explain(world, '/user/alice/lab')).findings, [{ cause: 'route_missing' }], 'also when it is gone')
})

t.test('a stored route that Envoy refuses sends its requests to the next shorter one', async (t) => {
  const stored = ['/', '/user/alice'].map((routespec) => ({
    routespec,
    data: { target: TARGET },
    lastActivity: new Date(0),
  }))
  const world = await World.start(t, { store: new TestStore(stored) })
  const envoy = new SimulatedEnvoy(world.core.collections, 'envoy-1')
  envoy.refuses = (name) => (name === 'r:/user/alice' ? 'no good' : undefined)
  envoy.connect()
  await until(() => envoy.listens, 'it listens')
  const { route, candidates, envoys, findings } = await explain(world, '/user/alice')
  t.match(route, { routespec: '/', why: /none of the longer routes: \/user\/alice/, added: null })
  t.match(candidates, [{ takes: false, refused: 'no good' }, { takes: true }])
  t.match(envoys, [{ state: 'refused', version: null, reason: 'no good' }])
  t.match(findings, [{ cause: 'route_refused', what: /so \/ gets it: no good/ }])
})

t.test('a full disk is named: for the route that was posted, and as a warning for others', async (t) => {
  const world = await World.start(t)
  await world.envoy()
  await world.post('/', TARGET).answered
  await world.post('/user/bob', TARGET).answered
  world.store.failsWith = 'the disk is full'
  await world.post('/user/alice', TARGET).answered
  const [first] = (await explain(world, '/user/alice')).findings
  t.match(first, { cause: 'disk_full', severity: 'error', what: /alice was posted.*an error: the disk is full\.$/ })
  const others = (await explain(world, '/user/bob')).findings
  t.match(
    others.find(({ cause }) => cause === 'disk_full'),
    { severity: 'warning' },
  )
  world.store.failsWith = undefined
  await world.post('/user/alice', TARGET).answered
  t.notOk((await explain(world, '/user/alice')).findings.some(({ cause }) => cause === 'disk_full'))
})

t.test('an Envoy that does not answer is named', async (t) => {
  const world = await World.start(t)
  await world.envoy()
  const late = await world.envoy()
  late.answers = false
  const call = world.post('/user/alice', TARGET)
  await until(() => late.unanswered.length > 0, 'it is asked')
  late.answers = true
  late.answerAll()
  await call.answered
  t.match((await explain(world, '/user/alice')).envoys, [{ state: 'acknowledged' }, { state: 'acknowledged' }])
  late.answers = false
  world.core.clusters.collection.set('r:/user/alice', { name: 'r:/user/alice', version: 'new', bytes: Buffer.alloc(0) })
  await until(() => late.unanswered.length > 0, 'it is asked again')
  const { envoys, findings } = await explain(world, '/user/alice')
  t.match(envoys[1], { node: 'envoy-2', state: 'earlier' })
  t.match(
    findings.find(({ cause }) => cause === 'envoy_behind'),
    { what: /envoy-2 has not acknowledged/, severity: 'warning' },
  )
})

t.test('a name that no longer resolves is named, and its last addresses are', async (t) => {
  const resolver = new TestResolver()
  resolver.names.set('alice.pods', ['127.0.0.1'])
  const world = await World.start(t, { resolver })
  const envoy = await world.envoy()
  t.teardown(() => envoy.disconnect(false))
  await world.post('/user/alice', 'http://alice.pods:9').answered
  resolver.names.delete('alice.pods')
  await world.clock.pass(400_000)
  const { findings, route } = await explain(world, '/user/alice')
  t.match(findings, [{ cause: 'dns_gone', severity: 'error', what: /alice\.pods does not resolve: nobody knows/ }])
  t.strictSame(route?.addresses, ['127.0.0.1'])
})

t.test('under --host-routing the host decides', async (t) => {
  const world = await World.start(t, { argv: ['--host-routing'] })
  await world.envoy()
  await world.post('/Hub.Example.org/user/alice', TARGET).answered
  t.match((await explain(world, '/user/alice/lab', 'hub.example.org:8000')).route, {
    routespec: '/Hub.Example.org/user/alice',
    posted: { host: 'Hub.Example.org' },
  })
  t.equal((await explain(world, '/user/alice/lab', 'other.example.org')).route, null)
})

t.test('with 10,000 routes it answers as with a few', async (t) => {
  const stored = Array.from({ length: 10_000 }, (_, index) => ({
    routespec: `/user/${index}`,
    data: { target: TARGET },
    lastActivity: new Date(0),
  }))
  const world = await World.start(t, { store: new TestStore(stored) })
  await world.envoy()
  const begun = performance.now()
  for (let index = 0; index < 100; index += 1) {
    const { route, envoys } = await explain(world, `/user/${index}/lab`)
    t.match([route, envoys], [{ routespec: `/user/${index}` }, [{ state: 'acknowledged' }]])
  }
  const each = (performance.now() - begun) / 100
  t.ok(each < 200, `${each} ms for each`)
})

t.test('without an Envoy nobody serves', async (t) => {
  const world = await World.start(t)
  t.match((await explain(world, '/')).findings, [{ cause: 'envoy_away' }, { cause: 'route_missing' }])
  const stored = [{ routespec: '/', data: { target: TARGET }, lastActivity: new Date(0) }]
  const other = await World.start(t, { store: new TestStore(stored) })
  t.match(await explain(other, '/'), { route: { routespec: '/' }, findings: [{ cause: 'envoy_away' }], envoys: [] })
})

t.test('a question without a path, or without the token, is refused', async (t) => {
  const world = await World.start(t)
  t.equal((await world.ask('GET', '/api/explain')).status, 400)
  t.equal((await world.ask('GET', '/api/explain?path=/', '', false)).status, 403)
})
