import t from 'tap'
import { figures } from '../../src/control-plane/figures.js'
import { Metrics } from '../../src/metrics/metrics.js'
import type { ConnectionCount } from '../../src/metrics/observations.js'
import { serveMetrics } from '../../src/metrics/serve.js'
import { TestStore } from '../features/store.js'
import { World } from '../features/world.js'
import { ask } from '../support/http.js'
import { freePorts } from '../support/ports.js'
import { counter, gauge, histogram, PUBLIC } from '../support/report.js'

const ROUTES = 10_000
const SCRAPES = 20

/** A report of an Envoy with many routes in use. */
const REPORT = [
  counter('http.downstream_rq_total', 500, PUBLIC),
  gauge('http.downstream_cx_active', 900, PUBLIC),
  gauge('server.memory_allocated', 300_000_000),
  histogram('http.downstream_rq_time', 5_000, { 1: 10, 5: 400, 10: 500, 3600000: 500 }, PUBLIC),
  histogram('requests.upstream', 5_000, { 1: 10, 5: 400, 10: 500, 3600000: 500 }),
  ...Array.from({ length: 60 }, (_, index) =>
    counter('requests.answered', 10, { route: '', status: String(200 + index), attempts: '1' }),
  ),
  ...Array.from({ length: 2_000 }, (_, index) =>
    counter('activity.stream', 1, { stream: `${index}-1`, bytes: '10', route: `r:/user/u${index}` }),
  ),
]

t.test('a scrape with 10,000 routes takes less than 100 ms, has less than 1 MB, and names nobody', async (t) => {
  const lastActivity = new Date()
  const routes = Array.from({ length: ROUTES }, (_, index) => ({
    routespec: `/user/secret${index}`,
    data: { target: `http://10.0.0.${index % 250}:8888`, user: `secret${index}` },
    lastActivity,
  }))
  const world = await World.start(t, { store: new TestStore(routes) })
  const envoys = [await world.envoy('one'), await world.envoy('two'), await world.envoy('three')]
  const metrics = new Metrics()
  const snapshot = figures({
    settings: { ...world.settings, metrics: { host: '127.0.0.1', port: 0 } },
    observations: world.observations,
    core: world.core,
    ads: {
      envoys: () =>
        envoys.map(({ node: id, stream }) => ({
          ...{ id, version: '1.40.0', since: lastActivity },
          ...(stream?.state ?? { pending: 0, rejected: 0 }),
        })),
    },
    servers: new Map<'api_connections', ConnectionCount>([['api_connections', { open: 5, most: 2_000 }]]),
    store: { directory: undefined },
  })
  const [port = 0] = await freePorts(1)
  const log = { error: t.fail, warn: t.fail } as never
  t.teardown(
    await serveMetrics({
      at: { host: '127.0.0.1', port },
      pages: [{ path: '/metrics', make: async () => metrics.page(await snapshot()) }],
      onConnections: () => {},
      log,
    }),
  )
  const times: number[] = []
  let bytes = 0
  for (let scrape = 0; scrape < SCRAPES; scrape += 1) {
    for (const { node } of envoys) world.observations.reported(node, REPORT)
    const begun = performance.now()
    const { body } = await ask(port, '/metrics')
    times.push(performance.now() - begun)
    bytes = Buffer.byteLength(body)
    t.notMatch(body, /secret|user\//)
    t.match(body, /^cep_routes 10000$/m)
    t.match(body, /^cep_envoy_pending_resources\{envoy="three"\} 0$/m)
    t.match(body, new RegExp(`^requests_proxy\\{status="259"\\} ${(scrape + 1) * 30}$`, 'm'))
  }
  times.sort((one, other) => one - other)
  const median = times[SCRAPES / 2] ?? Number.POSITIVE_INFINITY
  t.comment(`median ${median.toFixed(1)} ms, worst ${times.at(-1)?.toFixed(1)} ms, ${bytes} bytes`)
  t.ok(median < 100, `${median} ms`)
  t.ok(bytes < 1_000_000, `${bytes} bytes`)
})
