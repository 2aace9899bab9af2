import type { Metric__Output } from '#proto/io/prometheus/client/Metric.js'
import type { MetricFamily__Output } from '#proto/io/prometheus/client/MetricFamily.js'
import { labelOf } from '../activity/report.js'
import { FAILURES, HEALTH, PUBLIC, REQUESTS } from '../resources/names.js'
import { Distributed } from './distribution.js'
import type { TrafficTotals } from './snapshot.js'

/** The bounds of Envoy's histograms: it has no others unless its bootstrap says so, and an external one has its own. */
const ENVOY_BOUNDS: readonly number[] = [
  ...[0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000],
  ...[300_000, 600_000, 1_800_000, 3_600_000],
]

/** Beyond a second and a half the lookup of a route is not worth telling apart. */
const LOOKUP_BOUNDS = ENVOY_BOUNDS.filter((bound) => bound <= 1_000_000)

const NO_ANSWER = '0'
const SWITCHING_PROTOCOLS = '101'

/** A label of Envoy's own statistics. */
const LABEL = { manager: 'envoy.http_conn_manager_prefix', statusClass: 'envoy.response_code_class' } as const

/** Streams that Envoy ended since they had the most memory. */
const ENDED_FOR_MEMORY = 'overload.envoy.overload_actions.reset_high_memory_stream.count'

/** Sums of what Envoys report of users' requests: of the whole time, or of some seconds. */
export class RequestSums {
  /** In milliseconds; see {@link Latency}. */
  readonly whole = new Distributed(ENVOY_BOUNDS)
  readonly upstream = new Distributed(ENVOY_BOUNDS)
  /** In microseconds. */
  readonly lookup = new Distributed(LOOKUP_BOUNDS)
  readonly byClass = new Map<string, number>()
  readonly byStatus = new Map<string, number>()
  #begun = 0
  #websockets = 0
  #health = 0
  #retries = 0
  #received = 0
  #sent = 0
  #failed = 0
  #endedForMemory = 0
  /** So that it never falls: a health check counts as a request slightly before it counts as one. */
  #web = 0

  /** Requests that Envoy itself failed. */
  get failed(): number {
    return this.#failed
  }

  get endedForMemory(): number {
    return this.#endedForMemory
  }

  get bytes(): TrafficTotals['bytes'] {
    return { received: this.#received, sent: this.#sent }
  }

  /** @param isCounted whether Envoys count statuses */
  traffic(isCounted: boolean): TrafficTotals {
    return {
      web: this.#web,
      websockets: this.#websockets,
      byStatus: isCounted ? this.byStatus : undefined,
      byClass: this.byClass,
      retries: isCounted ? this.#retries : undefined,
      bytes: this.bytes,
    }
  }

  /** @param report what an Envoy has counted since its previous report */
  add(report: readonly MetricFamily__Output[]): void {
    for (const { name, metric } of report) {
      const read = RequestSums.#readers[name]
      if (read !== undefined) for (const one of metric) read(this, one)
    }
    this.#web = Math.max(this.#web, this.#begun - this.#websockets - this.#health)
  }

  merge(more: RequestSums): void {
    this.whole.merge(more.whole)
    this.upstream.merge(more.upstream)
    this.lookup.merge(more.lookup)
    for (const [key, count] of more.byClass) increase(this.byClass, key, count)
    for (const [key, count] of more.byStatus) increase(this.byStatus, key, count)
    this.#begun += more.#begun
    this.#websockets += more.#websockets
    this.#health += more.#health
    this.#web += more.#web
    this.#retries += more.#retries
    this.#received += more.#received
    this.#sent += more.#sent
    this.#failed += more.#failed
    this.#endedForMemory += more.#endedForMemory
  }

  static readonly #public =
    (add: (sums: RequestSums, value: number, metric: Metric__Output) => void) =>
    (sums: RequestSums, metric: Metric__Output): void => {
      if (labelOf(metric, LABEL.manager) === PUBLIC) add(sums, metric.counter?.value ?? 0, metric)
    }

  /** How each counter and histogram is added, by its name in a report. */
  static readonly #readers: Readonly<Record<string, (sums: RequestSums, metric: Metric__Output) => void>> = {
    'http.downstream_rq_total': RequestSums.#public((sums, value) => {
      sums.#begun += value
    }),
    'http.downstream_cx_upgrades_total': RequestSums.#public((sums, value) => {
      sums.#websockets += value
    }),
    'http.downstream_cx_rx_bytes_total': RequestSums.#public((sums, value) => {
      sums.#received += value
    }),
    'http.downstream_cx_tx_bytes_total': RequestSums.#public((sums, value) => {
      sums.#sent += value
    }),
    'http.downstream_rq_xx': RequestSums.#public((sums, value, metric) =>
      increase(sums.byClass, labelOf(metric, LABEL.statusClass), value),
    ),
    'http.downstream_rq_time': (sums, metric) => {
      if (labelOf(metric, LABEL.manager) === PUBLIC) mergeInto(sums.whole, metric)
    },
    [`${REQUESTS.scope}.${REQUESTS.answered}`]: (sums, metric) => sums.#answered(metric),
    [`${REQUESTS.scope}.${REQUESTS.upstream}`]: (sums, metric) => mergeInto(sums.upstream, metric),
    [`${REQUESTS.scope}.${REQUESTS.lookup}`]: (sums, metric) => mergeInto(sums.lookup, metric),
    [`${FAILURES.scope}.${FAILURES.failed}`]: (sums, metric) => {
      sums.#failed += metric.counter?.value ?? 0
    },
    [ENDED_FOR_MEMORY]: (sums, metric) => {
      sums.#endedForMemory += metric.counter?.value ?? 0
    },
  }

  #answered(metric: Metric__Output): void {
    const count = metric.counter?.value ?? 0
    const status = labelOf(metric, REQUESTS.status)
    this.#retries += Math.max(0, Number(labelOf(metric, REQUESTS.attempts)) - 1 || 0) * count
    if (labelOf(metric, REQUESTS.route) === HEALTH) this.#health += count
    else if (status !== NO_ANSWER && status !== SWITCHING_PROTOCOLS) increase(this.byStatus, status, count)
  }
}

/** An empty histogram comes with each summary of the same name. */
function mergeInto(distribution: Distributed, { histogram }: Metric__Output): void {
  if (histogram === null || histogram === undefined) return
  distribution.merge({
    bounds: histogram.bucket.map(({ upper_bound: bound }) => bound),
    atMost: histogram.bucket.map(({ cumulative_count: count }) => Number(count)),
    count: Number(histogram.sample_count),
    sum: histogram.sample_sum,
  })
}

function increase(counts: Map<string, number>, key: string, more: number): void {
  if (more > 0) counts.set(key, (counts.get(key) ?? 0) + more)
}
