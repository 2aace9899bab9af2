import type { MetricFamily__Output } from '#proto/io/prometheus/client/MetricFamily.js'
import type { Logger } from '../platform/log.js'
import { CHANGE_SECONDS, Distributed } from './distribution.js'
import { EnvoyReports } from './envoy-reports.js'
import { ReportedFailures } from './failures.js'
import type { ChangeFigures } from './snapshot.js'

/** A server's connections. */
export interface ConnectionCount {
  readonly open: number
  readonly most: number
}

/**
 * What the control plane has seen since its start: Envoys' reports, and how long its own work took. It always counts,
 * whether or not anybody asks, since the status page is there without an option. {@link snapshot} reads it.
 */
export class Observations {
  readonly reports: EnvoyReports
  readonly failures: ReportedFailures
  readonly #changes = { added: new Distributed(CHANGE_SECONDS), removed: new Distributed(CHANGE_SECONDS), failures: 0 }
  readonly #writes = { writes: new Distributed(CHANGE_SECONDS), failures: 0 }
  #failedQueries = 0
  #rejections = 0
  #cutOff = 0

  constructor(log: Logger) {
    this.reports = new EnvoyReports()
    this.failures = new ReportedFailures(log)
  }

  get changes(): ChangeFigures {
    return this.#changes
  }

  get writes(): { readonly writes: Distributed; readonly failures: number } {
    return this.#writes
  }

  /** Queries for host names that failed. */
  get failedQueries(): number {
    return this.#failedQueries
  }

  /**
   * @param envoy its node id
   * @param report what it has counted since its previous report, and its gauges
   */
  reported(envoy: string, report: readonly MetricFamily__Output[]): void {
    this.reports.add(envoy, report)
    this.failures.add(report)
  }

  /** Every Envoy has acknowledged a change of a route, or one has refused it or not answered. */
  changed(change: 'added' | 'removed', seconds: number, succeeded: boolean): void {
    if (succeeded) this.#changes[change].observe(seconds)
    else this.#changes.failures += 1
  }

  /** The store has written a change of a route, or could not. */
  written(seconds: number, succeeded: boolean): void {
    this.#writes.writes.observe(seconds)
    if (!succeeded) this.#writes.failures += 1
  }

  /** Resources that Envoys rejected. */
  get rejections(): number {
    return this.#rejections
  }

  /** Times that an Envoy didn't answer while others did, and was cut off. */
  get cutOff(): number {
    return this.#cutOff
  }

  /** An Envoy has rejected a resource. */
  rejected(): void {
    this.#rejections += 1
  }

  /** The connection to an Envoy that didn't answer was closed. */
  envoyCutOff(): void {
    this.#cutOff += 1
  }

  /** No name server knew a host name, or none answered. */
  queryFailed(): void {
    this.#failedQueries += 1
  }
}
