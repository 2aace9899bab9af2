import type { MetricFamily__Output } from '#proto/io/prometheus/client/MetricFamily.js'
import { labelOf } from '../activity/report.js'
import { ACTIVITY, FAILURES, routeKeyOf } from '../resources/names.js'

/** What was counted of one route since the control plane's start. */
export interface RouteSum {
  /** Answers below 300, without opened websockets. */
  answers: number
  /** Requests that Envoy itself failed. */
  failed: number
}

const ANSWERED = `${ACTIVITY.prefix}.${ACTIVITY.counters.answered}`
const FAILED = `${FAILURES.scope}.${FAILURES.byRoute}`

/** Sums of what Envoys report of single routes. Made only if metrics are served: it keeps an entry for each route in use. */
export class RouteSums {
  readonly #sums = new Map<string, RouteSum>()

  /** @param report what an Envoy has counted since its previous report */
  add(report: readonly MetricFamily__Output[]): void {
    for (const { name, metric } of report) {
      const what = name === ANSWERED ? 'answers' : name === FAILED ? 'failed' : undefined
      if (what === undefined) continue
      for (const one of metric) {
        const key = routeKeyOf(labelOf(one, ACTIVITY.labels.route))
        const count = one.counter?.value ?? 0
        if (key !== undefined && count > 0) this.#sumOf(key)[what] += count
      }
    }
  }

  /** The sums of a route; zeros if nothing was counted of it. */
  of(key: string): Readonly<RouteSum> {
    return this.#sums.get(key) ?? { answers: 0, failed: 0 }
  }

  get size(): number {
    return this.#sums.size
  }

  /** Forgets all routes but these. */
  keep(keys: ReadonlySet<string>): void {
    for (const key of this.#sums.keys()) if (!keys.has(key)) this.#sums.delete(key)
  }

  #sumOf(key: string): RouteSum {
    const found = this.#sums.get(key)
    if (found !== undefined) return found
    const sum = { answers: 0, failed: 0 }
    this.#sums.set(key, sum)
    return sum
  }
}
