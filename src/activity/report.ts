import type { Metric__Output } from '#proto/io/prometheus/client/Metric.js'
import type { MetricFamily__Output } from '#proto/io/prometheus/client/MetricFamily.js'
import { ACTIVITY, routeKeyOf } from '../resources/names.js'

const { prefix, counters, labels } = ACTIVITY

/** What a report says about routes, by their keys. */
export interface RoutesReport {
  /** Routes in use since the previous report. */
  readonly active: ReadonlySet<string>
  /** Routes whose target some request could not reach since then. */
  readonly unreachable: ReadonlySet<string>
}

/**
 * Reads the reports of one Envoy, in order: the increments of the counters of {@link activityCounters} since the
 * previous report.
 */
export class ReportReader {
  /** The bytes that the client of each open stream has sent; undefined before the first report. */
  #streams: ReadonlyMap<string, number> | undefined

  read(report: readonly MetricFamily__Output[]): RoutesReport {
    const active = new Set<string>()
    const unreachable = new Set<string>()
    const streams = new Map<string, number>()
    for (const { name, metric } of report) {
      switch (name) {
        case `${prefix}.${counters.answered}`:
        case `${prefix}.${counters.body}`:
          addAdvanced(active, metric)
          break
        case `${prefix}.${counters.unreachable}`:
          addAdvanced(unreachable, metric)
          break
        case `${prefix}.${counters.stream}`:
          for (const one of metric) {
            const stream = labelOf(one, labels.stream)
            const bytes = Number(labelOf(one, labels.bytes))
            if (bytes > this.#bytesBefore(stream, bytes)) addRoute(active, one)
            // Envoy keeps earlier names for some seconds.
            streams.set(stream, Math.max(bytes, streams.get(stream) ?? 0))
          }
          break
      }
    }
    this.#streams = streams
    return { active, unreachable }
  }

  /** When the bytes of a stream in the first report arrived is unknown, so they don't count as activity. */
  #bytesBefore(stream: string, bytes: number): number {
    return this.#streams === undefined ? bytes : (this.#streams.get(stream) ?? 0)
  }
}

function addAdvanced(routes: Set<string>, counters: readonly Metric__Output[]): void {
  for (const one of counters) if ((one.counter?.value ?? 0) > 0) addRoute(routes, one)
}

function addRoute(routes: Set<string>, metric: Metric__Output): void {
  const key = routeKeyOf(labelOf(metric, labels.route))
  if (key !== undefined) routes.add(key)
}

/** The value of a label; empty if there is none. */
export function labelOf(metric: Metric__Output, name: string): string {
  return metric.label.find((pair) => pair.name === name)?.value ?? ''
}
