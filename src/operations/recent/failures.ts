import type { MetricFamily__Output } from '#proto/io/prometheus/client/MetricFamily.js'
import type { FailureCode } from '../../resources/counters/failure-reason.js'
import { FAILURES, routeKeyOf } from '../../resources/names.js'

/** Why Envoy failed requests, or closed connections before any request. */
export type RecentCode = FailureCode | 'connections_full'

/** Requests of one route that failed for one reason, without another reason in between. */
export interface RecentFailure {
  readonly code: RecentCode
  /** When the first and the last of them failed: up to two seconds before these, as reports come every two seconds. */
  readonly first: Date
  readonly last: Date
  readonly count: number
}

/** How many failures are kept of a route, and of how many routes: those that failed last. */
const OF_A_ROUTE = 5
const ROUTES = 500

/** Failures that belong to no route, such as those before a route is chosen. No route has this key. */
const NO_ROUTE = ''

/** Connections that are closed at a limit, by Envoy's counters. */
const CLOSED: ReadonlyMap<string, RecentCode> = new Map([
  ['listener.downstream_global_cx_overflow', 'connections_full'],
  ['listener.downstream_cx_overload_reject', 'heap_full'],
])

/**
 * The last failures of each route, from what Envoys report: see {@link failureLog}. Envoy counts failed requests only, and
 * tells nothing of a request but its route and the reason; so nothing that a client sends is kept, and memory is bounded.
 */
export class RecentFailures {
  /** By key; the route that failed last is the last one. */
  readonly #byRoute = new Map<string, RecentFailure[]>()

  /** @param report what an Envoy has counted since its previous report */
  add(report: readonly MetricFamily__Output[], at: Date): void {
    for (const { name, metric } of report) {
      const closed = CLOSED.get(name)
      if (closed !== undefined) {
        for (const { counter } of metric) this.#add(NO_ROUTE, closed, counter?.value ?? 0, at)
      }
      if (name !== `${FAILURES.scope}.${FAILURES.byRoute}`) continue
      for (const { label, counter } of metric) {
        const labels = new Map(label.map((pair) => [pair.name, pair.value]))
        const key = routeKeyOf(labels.get(FAILURES.route) ?? '') ?? NO_ROUTE
        this.#add(key, labels.get(FAILURES.reason) as FailureCode, counter?.value ?? 0, at)
      }
    }
  }

  #add(key: string, code: RecentCode, count: number, at: Date): void {
    if (count <= 0) return
    const before = this.#byRoute.get(key) ?? []
    const [last, ...earlier] = before
    const next =
      last?.code === code
        ? [{ ...last, last: at, count: last.count + count }, ...earlier]
        : [{ code, first: at, last: at, count }, ...before].slice(0, OF_A_ROUTE)
    this.#byRoute.delete(key)
    this.#byRoute.set(key, next)
    const [oldest] = this.#byRoute.keys()
    if (this.#byRoute.size > ROUTES && oldest !== undefined) this.#byRoute.delete(oldest)
  }

  /** Those of a route, the last first. */
  of(routeKey: string): readonly RecentFailure[] {
    return this.#byRoute.get(routeKey) ?? []
  }

  /** Those of all routes, in no order; without a key those that belong to no route. */
  *all(): Iterable<RecentFailure & { readonly key: string | undefined }> {
    for (const [key, failures] of this.#byRoute) {
      for (const failure of failures) yield { ...failure, key: key === NO_ROUTE ? undefined : key }
    }
  }

  /** Those that belong to no route, the last first. */
  get ofNoRoute(): readonly RecentFailure[] {
    return this.of(NO_ROUTE)
  }
}
