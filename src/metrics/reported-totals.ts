import type { MetricFamily__Output } from '#proto/io/prometheus/client/MetricFamily.js'
import type { Counters } from './request-totals.js'
import { REPORTED_COUNTERS, reportedName } from './traffic.js'

/**
 * What any number of Envoys have counted, by their reports of what came since the one before. What is counted while no
 * control plane is there is in no report.
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
