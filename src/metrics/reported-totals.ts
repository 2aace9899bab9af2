import type { MetricFamily__Output } from '#proto/io/prometheus/client/MetricFamily.js'
import type { Counters } from './request-totals.js'
import { REPORTED_COUNTERS, reportedName } from './traffic.js'

/**
 * The sum of what any number of Envoys have counted, from their reports of increments. Increments while no control
 * plane runs are in no report.
 */
export class ReportedTotals {
  readonly #counts = new Map<string, number>()

  add(report: readonly MetricFamily__Output[]): void {
    for (const { name, metric } of report) {
      if (!REPORTED_COUNTERS.has(name)) continue
      for (const { label, counter } of metric) {
        const key = reportedName(name, new Map(label.map((pair) => [pair.name, pair.value])))
        this.#counts.set(key, (this.#counts.get(key) ?? 0) + (counter?.value ?? 0))
      }
    }
  }

  now(): Counters {
    return new Map(this.#counts)
  }
}
