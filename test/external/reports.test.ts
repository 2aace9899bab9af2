import t from 'tap'
import type { Explanation } from '../../src/operations/explain/explanation.js'
import { ask } from '../support/http.js'
import { freePorts } from '../support/ports.js'
import { TOKEN } from '../support/proxy.js'
import { eventually } from '../support/wait.js'
import { Fleet } from './fleet.js'

t.test('what several Envoys report is added up, and says which routes are in use', async (t) => {
  const fleet = await Fleet.make(t)
  const [port = 0, stats = 0] = await freePorts(2)
  const proxy = await fleet.start(['--metrics-ip', '127.0.0.1', '--metrics-port', String(port)])
  const [one, two] = [
    await fleet.envoy('g1', '127.0.0.1', ['--stats-address', `127.0.0.1:${stats}`]),
    await fleet.envoy('g2'),
  ]
  await Promise.all([one.envoy.serve(), two.envoy.serve()])
  await proxy.route('/user/secret-name', fleet.home.backend.url)
  const lastActivity = async () => {
    const entry = (await (await proxy.api('GET', '/user/secret-name')).json()) as { last_activity: string }
    return Date.parse(entry.last_activity)
  }
  const before = await lastActivity()
  for (const { envoy } of [one, two, two]) await ask(0, '/user/secret-name/x', envoy.at)
  await ask(0, '/nowhere?token=secret', two.envoy.at)

  const counted = async () => (await ask(port, '/metrics')).body.match(/^requests_(web|proxy).*$/gm)?.sort()
  const expected = ['requests_proxy{status="200"} 3', 'requests_proxy{status="404"} 1', 'requests_web 4']
  const matches = async () => JSON.stringify(await counted()) === JSON.stringify(expected)
  await eventually(matches, 'all is counted').catch(async () => t.strictSame(await counted(), expected))
  await eventually(async () => (await lastActivity()) > before, 'the route is in use')

  await eventually(() => two.envoy.output.includes('"path":"/nowhere"'), 'the Envoy says what failed')
  const failure = two.envoy.output.split('\n').find((line) => line.includes('"path":"/nowhere"')) ?? ''
  t.match(JSON.parse(failure), { status: 404, method: 'GET', path: '/nowhere', reason: 'no route matches' })
  t.notMatch(two.envoy.output, 'token=secret')
  const failed = async () =>
    (await ask(port, '/metrics')).body.includes('cep_failed_requests_total{reason="no_route"} 1')
  await eventually(failed, 'the failure counts')

  await proxy.route('/user/dead', 'http://127.0.0.1:9')
  await ask(0, '/user/dead/x', two.envoy.at)
  const explained = async () => {
    const headers = { authorization: `token ${TOKEN}` }
    const answer = await fetch(`http://127.0.0.1:${proxy.apiPort}/api/explain?path=/user/dead`, { headers })
    return (await answer.json()) as Explanation
  }
  await eventually(async () => (await explained()).errors.length > 0, 'the failure is explained')
  const { envoys, errors } = await explained()
  t.match(errors, [{ code: 'connection_refused', count: 1 }])
  t.strictSame(
    envoys.map(({ state }) => state),
    ['acknowledged', 'acknowledged'],
  )
  t.equal(new Set(envoys.map(({ version }) => version)).size, 1)

  const shown = await ask(stats, '/stats/prometheus')
  t.equal(shown.status, 200)
  t.match(shown.body, 'envoy_http_downstream_rq_total')
  t.notMatch(shown.body, 'secret-name', 'nothing tells of users')
  t.equal((await ask(stats, '/ready')).status, 200)
  for (const path of ['/stats/prometheus?filter=activity', '/stats', '/config_dump', '/quitquitquit']) {
    t.equal((await ask(stats, path)).status, 404, path)
  }
  t.equal((await ask(stats, '/ready', { method: 'POST' })).status, 404)
})
