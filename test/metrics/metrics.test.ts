import { once } from 'node:events'
import { request } from 'node:http'
import t from 'tap'
import { WebSocket } from 'ws'
import { CONNECTION_LIMITS } from '../../src/metrics/failures.js'
import { FAILURE_KINDS, FAILURE_WORDS } from '../../src/resources/counters/failure-reasons.js'
import { admin } from '../support/admin.js'
import { Backend } from '../support/backend.js'
import { ChpProcess } from '../support/chp.js'
import { ask } from '../support/http.js'
import { accepts, freePorts } from '../support/ports.js'
import { endProcess } from '../support/processes.js'
import { ProxyProcess, TOKEN } from '../support/proxy.js'
import { exchange, RawBackend } from '../support/raw.js'
import { eventually } from '../support/wait.js'

/** The samples of a page, by name and labels. */
async function scrape(port: number): Promise<Map<string, number>> {
  const { status, body } = await ask(port, '/metrics')
  if (status !== 200) throw new Error(`/metrics: ${status}`)
  return new Map(
    [...body.matchAll(/^([a-z_]+(?:\{.*\})?) (\S+)$/gm)].map(([, name = '', value]) => [name, Number(value)]),
  )
}

async function startWithMetrics(args: readonly string[] = [], options = {}): Promise<[ProxyProcess, number]> {
  const [port = 0] = await freePorts(1)
  const all = ['--metrics-ip', '127.0.0.1', '--metrics-port', String(port), ...args]
  return [await ProxyProcess.start(all, options), port]
}

t.test('every metric of CHP is there with its type, and all of ours are its own or begin with cep_', async (t) => {
  const [metricsPort = 0] = await freePorts(1)
  const [chp, [proxy, port]] = await Promise.all([
    ChpProcess.start(['--metrics-port', String(metricsPort)]),
    startWithMetrics(),
  ])
  t.teardown(() => Promise.all([chp.stop(), proxy.stop()]))
  await eventually(() => accepts(metricsPort), 'CHP serves its metrics')
  const types = async (at: number) =>
    [...(await ask(at, '/metrics')).body.matchAll(/^# TYPE (.*)$/gm)].map(([, type]) => type)
  const [theirs, ours] = await Promise.all([types(metricsPort), types(port)])
  t.ok(theirs.includes('requests_proxy counter'))
  t.strictSame(ours.filter((type) => !type?.startsWith('cep_')).sort(), theirs.sort())
  const { headers } = await ask(port, '/metrics')
  t.equal(headers['content-type'], (await ask(metricsPort, '/metrics')).headers['content-type'])
  for (const path of ['/', '/metrics/', '/other']) t.equal((await ask(port, path)).status, 404, path)
})

t.test('requests are counted as CHP counts them, through a restart of Envoy', async (t) => {
  const backend = await Backend.start('a', (incoming, response) => {
    response.statusCode = Number(/status-(\d+)/.exec(incoming.url ?? '')?.[1] ?? 200)
    if (incoming.url?.endsWith('/slow')) response.write('begun')
    else response.end()
  })
  const [proxy, port] = await startWithMetrics()
  t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
  t.equal((await scrape(port)).get('requests_web'), 0)
  await proxy.route('/user/secret-name', backend.url)
  for (const status of [200, 200, 404, 418, 599]) await ask(proxy.port, `/user/secret-name/status-${status}`)
  await ask(proxy.port, '/nowhere')
  await ask(proxy.port, '/_chp_healthz')
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/user/secret-name/ws`)
  await once(socket, 'open')
  const slow = request({ port: proxy.port, path: '/user/secret-name/slow', agent: false }).end()
  await once(slow, 'response')

  const expected = {
    requests_web: 7,
    requests_ws: 1,
    'requests_proxy{status="200"}': 2,
    'requests_proxy{status="404"}': 2,
    'requests_proxy{status="418"}': 1,
    'requests_proxy{status="599"}': 1,
  }
  const counted = async () => {
    const samples = await scrape(port)
    return Object.fromEntries([...samples].filter(([name]) => /^requests_(web|ws|proxy)/.test(name)))
  }
  // An ended request is counted a moment after the client has its answer.
  const matches = async () => JSON.stringify(await counted()) === JSON.stringify(expected)
  await eventually(matches, 'all is counted').catch(async () => t.strictSame(await counted(), expected))
  t.notMatch((await ask(port, '/metrics')).body, /secret-name/, 'nothing tells of users')
  const now = await scrape(port)
  const figures = {
    websockets: now.get('cep_websockets_open'),
    inFlight: now.get('cep_requests_in_flight'),
    answersOfTargets: now.get('cep_upstream_response_seconds_count'),
    lookups: now.get('find_target_for_req_count'),
    most: now.get('cep_limit_max{limit="requests_per_route",envoy="embedded-0"}'),
    retries: now.get('cep_request_retries_total'),
  }
  // Those that have ended, the health check among them.
  t.match(figures, { websockets: 1, inFlight: 2, answersOfTargets: 5, lookups: 7, most: 2000, retries: 0 })
  for (const limit of ['connections', 'heap']) {
    const ratio = Number(now.get(`cep_limit_fill_ratio{limit="${limit}",envoy="embedded-0"}`))
    t.ok(ratio > 0 && ratio < 0.5, `${limit}: ${ratio}`)
  }
  t.ok(Number(now.get('find_target_for_req_sum')) > 0)
  t.ok(Number(now.get('cep_client_bytes_total{direction="received"}')) > 500)
  t.ok(Number(now.get('cep_client_bytes_total{direction="sent"}')) > 500)

  socket.terminate()
  slow.on('error', () => {}).destroy()
  const before = await proxy.envoyPid()
  await endProcess(before)
  await eventually(async () => (await proxy.envoyPid()) !== before && accepts(proxy.port), 'there is another Envoy')
  await ask(proxy.port, '/user/secret-name/status-418')
  await eventually(async () => (await scrape(port)).get('requests_proxy{status="418"}') === 2, 'it counts on')
  const samples = await scrape(port)
  t.equal(samples.get('requests_web'), 8)
  t.equal(samples.get('requests_ws'), 1)
  t.equal(samples.get('requests_proxy{status="200"}'), 2)
})

t.test('the REST API counts its calls, and what it keeps is shown', async (t) => {
  const [proxy, port] = await startWithMetrics()
  t.teardown(() => proxy.stop())
  await proxy.route('/a', 'http://127.0.0.1:1')
  await proxy.route('/b', 'http://127.0.0.1:1')
  await proxy.api('GET', '')
  await proxy.api('GET', '/a')
  await proxy.api('GET', '', undefined, 'wrong')
  await proxy.api('POST', '/c', 'not json')
  await proxy.api('POST', '/c', { target: `http+unix://%2F${'s'.repeat(120)}` })
  await proxy.api('DELETE', '/b')
  await proxy.api('DELETE', '/b')
  await ask(proxy.apiPort, '/elsewhere', { method: 'DELETE' })
  const samples = await scrape(port)
  const ours = [...samples].filter(([name]) =>
    /^(api_|requests_api|cep_(routes|envoys|rejected|failed|closed))/.test(name),
  )
  t.strictSame(Object.fromEntries(ours), {
    api_route_get: 1,
    api_route_add: 2,
    api_route_delete: 2,
    'requests_api{status="200"}': 2,
    'requests_api{status="201"}': 2,
    'requests_api{status="204"}': 1,
    'requests_api{status="400"}': 2,
    'requests_api{status="403"}': 1,
    'requests_api{status="404"}': 2,
    cep_envoys_cut_off_total: 0,
    cep_rejected_resources_total: 1,
    cep_routes: 1,
    cep_routes_rejected: 0,
    cep_envoys_connected: 1,
    ...Object.fromEntries(FAILURE_KINDS.map((kind) => [`cep_failed_requests_total{reason="${kind}"}`, 0])),
    ...Object.fromEntries(CONNECTION_LIMITS.map(({ name }) => [`cep_closed_connections_total{limit="${name}"}`, 0])),
  })
  const figures = {
    connected: samples.get('cep_envoy_info{envoy="embedded-0",version="1.40.0"}'),
    written: samples.get('cep_store_write_seconds_count'),
    added: samples.get('cep_route_change_seconds_count{change="added"}'),
    removed: samples.get('cep_route_change_seconds_count{change="removed"}'),
    refused: samples.get('cep_route_change_failures_total'),
    pending: samples.get('cep_envoy_pending_resources{envoy="embedded-0"}'),
  }
  t.strictSame(figures, { connected: 1, written: 3, added: 2, removed: 1, refused: 1, pending: 0 })
  t.ok(Number(samples.get('cep_store_size_bytes')) > 0)
  t.ok(Number(samples.get('cep_store_free_bytes')) > 0)
  t.equal((await ask(proxy.port, '/a')).status, 503)
  t.strictSame([(await ask(port, '/metrics/routes')).status, (await ask(port, '/metrics/other')).status], [403, 404])
  const ofRoutes = () => ask(port, '/metrics/routes', { headers: { authorization: `token ${TOKEN}` } })
  await eventually(
    async () => (await ofRoutes()).body.includes('cep_route_failed_requests_total{route="/a"} 1\n'),
    'who has the token is told of single routes',
  )
  t.match((await ofRoutes()).body, /^cep_route_last_activity_timestamp_seconds\{route="\/a"\} \d{10}/m)
  t.match((await ofRoutes()).body, 'cep_route_long_requests{route="/a"} 0\n')
  await eventually(
    async () => Number((await scrape(port)).get('cep_request_retries_total')) > 0,
    'a refused connection was tried again',
  )
  t.notMatch(proxy.output, 'number', 'Envoy could read all that it measures')
  await eventually(
    async () => Number((await scrape(port)).get('last_activity_updating_count')) > 0,
    'reports of activity are read',
  )
})

t.test('without an option there is no metrics server, and a taken port is said in one line', async (t) => {
  const proxy = await ProxyProcess.start(['--metrics-ip', '127.0.0.1'])
  t.teardown(() => proxy.stop())
  await eventually(() => proxy.output.includes('Proxy API at'), 'it serves')
  t.notMatch(proxy.output, 'Serve metrics')
  const second = await ProxyProcess.spawn(['--metrics-ip', '127.0.0.1', '--metrics-port', String(proxy.port)])
  t.teardown(() => second.stop())
  t.equal((await second.exit()).code, 1)
  t.match(second.output, /^error: The metrics server can't listen on 127\.0\.0\.1:\d+: the port is in use\./m)
})

t.test('a backend that makes up statuses makes no counters of them', async (t) => {
  const backend = await RawBackend.start()
  const [proxy, port] = await startWithMetrics()
  t.teardown(() => Promise.all([proxy.stop(), backend.stop()]))
  await proxy.route('/r', backend.url)
  const answered = async (status: number) => {
    backend.reply = `HTTP/1.1 ${status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`
    t.match(await exchange(proxy.port, 'GET /r HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'), ` ${status} `)
  }
  const names = async () => [...(await admin(proxy, '/stats')).matchAll(/^(.*):/gm)].map(([, name]) => name)
  await answered(599)
  await answered(600)
  await eventually(async () => (await scrape(port)).get('requests_proxy{status="other"}') === 1, 'both are counted')
  const before = await names()
  for (let status = 601; status < 700; status += 1) await answered(status)
  for (const status of [1_000, 9_999, 65_535]) await answered(status)
  await eventually(async () => (await scrape(port)).get('requests_proxy{status="other"}') === 103, 'all are counted')
  // Nor does a client, whatever it chooses.
  const made = [
    ...['PROPFIND /r', 'MKCALENDAR /r', 'GET /r?a=1', 'GET /made-up/1', 'GET /made-up/2', 'NONE /r'].map((line) => [
      line,
      'a',
    ]),
    ...['made.up:1', '[::1]:2', 'MADE_UP'].map((host) => ['GET /r', `${host}\r\nUser-Agent: ${host}`]),
    ...['x', 'y/2'].map((protocol) => ['GET /r', `a\r\nUpgrade: ${protocol}`]),
  ].map(([line, host]) =>
    exchange(proxy.port, `${line} HTTP/1.1\r\nHost: ${host}\r\nConnection: close, upgrade\r\n\r\n`),
  )
  for (const answer of await Promise.all(made)) t.match(answer, /^HTTP/)
  // One for each status of three digits, and each reason of a failure of a route that exists, whatever was sent.
  const few = new RegExp(
    `^requests\\..*\\.status\\.\\d{3}\\.attempts\\.[01]$|^activity\\.body\\.route\\.$|^failures\\.failed\\.kind\\.(${FAILURE_KINDS.join('|')})$|^failures\\.by_route\\.route\\.(?:-|r:/r)?\\.reason\\.(${[...FAILURE_WORDS.keys()].join('|')})$`,
  )
  t.strictSame(
    (await names()).filter((name = '') => !before.includes(name) && !few.test(name)),
    [],
  )
})
