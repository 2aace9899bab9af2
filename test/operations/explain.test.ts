import t from 'tap'
import type { Explanation } from '../../src/operations/explain/explanation.js'
import { TOKEN, World } from '../features/world.js'

async function explain(world: World, path: string, host?: string): Promise<Explanation> {
  const query = new URLSearchParams({ path, ...(host === undefined ? {} : { host }) })
  const { statusCode, body } = await world.api.inject({
    url: `/api/explain?${query}`,
    headers: { authorization: `token ${TOKEN}` },
  })
  if (statusCode !== 200) throw new Error(`${statusCode} ${body}`)
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

t.test('without an Envoy nobody serves', async (t) => {
  const world = await World.start(t)
  t.match((await explain(world, '/')).findings, [{ cause: 'envoy_away' }, { cause: 'route_missing' }])
})

t.test('a question without a path, or without the token, is refused', async (t) => {
  const world = await World.start(t)
  const headers = { authorization: `token ${TOKEN}` }
  t.equal((await world.api.inject({ url: '/api/explain', headers })).statusCode, 400)
  t.equal((await world.api.inject({ url: '/api/explain?path=/' })).statusCode, 403)
})
