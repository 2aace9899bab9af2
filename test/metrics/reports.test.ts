import t from 'tap'
import { quantile } from '../../src/metrics/distribution.js'
import { EnvoyReports } from '../../src/metrics/envoy-reports.js'
import { counter, gauge, histogram, PUBLIC } from '../support/report.js'

/** Reports with a clock that a test moves. */
function world() {
  const clock = { now: 1_000_000 }
  return { clock, reports: new EnvoyReports(() => clock.now) }
}

const answered = (status: string, value: number, labels = {}) =>
  counter('requests.answered', value, { route: '', status, attempts: '1', ...labels })

t.test('what Envoys count is added up, as CHP counts it', async (t) => {
  const { reports } = world()
  const requests = (value: number) => counter('http.downstream_rq_total', value, PUBLIC)
  reports.add('a', [requests(5), answered('200', 3), answered('404', 1), answered('0', 1)])
  reports.add('b', [requests(4), answered('200', 1), answered('200', 1, { route: 'health' })])
  reports.add('a', [
    requests(2),
    counter('http.downstream_cx_upgrades_total', 2, PUBLIC),
    answered('101', 1),
    answered('503', 2, { attempts: '3' }),
    counter('http.downstream_rq_total', 100, { 'envoy.http_conn_manager_prefix': 'admin' }),
    counter('http.downstream_cx_rx_bytes_total', 70, PUBLIC),
    counter('http.downstream_cx_tx_bytes_total', 700, PUBLIC),
    counter('http.downstream_rq_xx', 9, { ...PUBLIC, 'envoy.response_code_class': '2' }),
  ])
  const { byStatus, byClass, ...rest } = reports.totals.traffic(true)
  t.strictSame(rest, { web: 8, websockets: 2, retries: 4, bytes: { received: 70, sent: 700 } })
  t.strictSame(Object.fromEntries(byStatus ?? []), { 200: 4, 404: 1, 503: 2 })
  t.strictSame(Object.fromEntries(byClass), { 2: 9 })
  const { byStatus: unknown, retries } = reports.totals.traffic(false)
  t.strictSame([unknown, retries], [undefined, undefined], 'Envoys that count no statuses')
})

t.test('requests never become fewer, although a health check is known as one only when it ends', async (t) => {
  const { reports } = world()
  const web = () => reports.totals.traffic(true).web
  reports.add('a', [counter('http.downstream_rq_total', 3, PUBLIC)])
  t.equal(web(), 3)
  reports.add('a', [answered('200', 1, { route: 'health' })])
  t.equal(web(), 3)
  reports.add('a', [counter('http.downstream_rq_total', 2, PUBLIC)])
  t.equal(web(), 4)
})

t.test('durations of all Envoys are one distribution', async (t) => {
  const { reports } = world()
  reports.add('a', [histogram('requests.upstream', 30, { 10: 2, 25: 4, 3600000: 4 })])
  reports.add('b', [histogram('requests.upstream', 16, { 10: 4, 25: 4, 3600000: 4 })])
  const { upstream } = reports.totals
  t.strictSame([upstream.count, upstream.sum], [8, 46])
  t.equal(upstream.atMost[upstream.bounds.indexOf(10)], 6)
  t.equal(quantile(upstream, 0.75), 10)
  t.equal(quantile(upstream, 0.875), 17.5)
  t.equal(quantile(reports.totals.lookup, 0.5), undefined, 'nothing was reported of it')
})

t.test('the last five minutes forget what was before', async (t) => {
  const { reports, clock } = world()
  const failed = (value: number) => counter('failures.failed', value, { kind: 'no_route' })
  reports.add('a', [failed(7)])
  clock.now += 200_000
  reports.add('a', [failed(2)])
  t.strictSame([reports.recent().seconds, reports.recent().sums.failed], [200, 9])
  clock.now += 200_000
  t.strictSame([reports.recent().seconds, reports.recent().sums.failed], [200, 2])
  t.equal(reports.totals.failed, 9)
  clock.now += 400_000
  t.equal(reports.recent().sums.failed, 0)
})

t.test('what an Envoy has open is of its last report, and of none if it is silent', async (t) => {
  const { reports, clock } = world()
  const state = (connections: number) => [
    gauge('http.downstream_cx_active', connections, PUBLIC),
    gauge('http.downstream_cx_upgrades_active', 2, PUBLIC),
    gauge('http.downstream_cx_active', 50, { 'envoy.http_conn_manager_prefix': 'admin' }),
    gauge('listener.downstream_cx_active', connections, { 'envoy.listener_address': '0.0.0.0_8000' }),
    gauge('listener.downstream_cx_active', 1, { 'envoy.listener_address': '0.0.0.0_80' }),
    gauge('server.memory_allocated', 5_000_000),
    gauge('overload.envoy.resource_monitors.fixed_heap.pressure', 12),
  ]
  reports.add('a', state(7))
  reports.add('b', state(3))
  reports.add('a', state(6))
  t.match(reports.last('a'), {
    open: { connections: 6, requests: 0, websockets: 2 },
    connections: 7,
    heapBytes: 5_000_000,
    pressure: { heap: 12, connections: 0 },
  })
  t.strictSame([...reports.all.keys()], ['a', 'b'])
  clock.now += 10_001
  reports.add('b', state(3))
  t.strictSame([...reports.all.keys()], ['b'], 'a has ended, or drains beside another one')
})

t.test('the fullest route is the one with the most long requests, each of which is counted once', async (t) => {
  const { reports } = world()
  const stream = (id: string, bytes: number, route: string, value = 1) =>
    counter('activity.stream', value, { stream: id, bytes: String(bytes), route })
  reports.add('a', [
    ...[stream('1', 0, 'r:/a'), stream('1', 5, 'r:/a'), stream('2', 0, 'r:/a'), stream('3', 0, 'r:/b')],
    ...[stream('4', 0, 'r:/b', 0), stream('5', 0, 'r:/b', 0), stream('6', 0, '-'), stream('7', 0, '-')],
    stream('8', 0, '-'),
  ])
  t.equal(
    reports.last('a')?.fullestRoute,
    2,
    'ended ones stay in reports for a while, and those of no route do not count',
  )
})
