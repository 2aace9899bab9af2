import type { MetricFamily__Output } from '#proto/io/prometheus/client/MetricFamily.js'
import { routeKeyOf } from '../../resources/names.js'
import { storeReason } from '../../routing/errors.js'
import type { Rejection } from '../../xds/delivery.js'
import { RecentEvents } from './events.js'
import { RecentFailures } from './failures.js'
import { OpenStreams } from './streams.js'

/**
 * What has happened lately, in bounded memory. The layers below don't know of it: they call back, and whoever puts the
 * parts together joins the two.
 */
export class Recents {
  readonly failures = new RecentFailures()
  readonly streams = new OpenStreams()
  readonly events = new RecentEvents()
  readonly #now: () => Date
  /** Since when no change could be stored; undefined if the last one was. */
  #unstoredSince: Date | undefined

  constructor(now: () => Date) {
    this.#now = now
  }

  /** Since when changes of routes can't be stored; undefined if the last one could. */
  get unstoredSince(): Date | undefined {
    return this.#unstoredSince
  }

  /**
   * @param envoy its node id
   * @param report what it has counted since its previous report
   */
  reported(envoy: string, report: readonly MetricFamily__Output[]): void {
    const now = this.#now()
    this.failures.add(report, now)
    this.streams.add(envoy, report, now)
  }

  /** An Envoy has refused a resource. */
  rejected({ name, reason }: Rejection): void {
    const key = routeKeyOf(name)
    if (key !== undefined) this.#add('route_refused', key, reason)
  }

  /** The store has written a change of a route, or could not. */
  written(key: string, error: Error | undefined): void {
    this.#unstoredSince = error && (this.#unstoredSince ?? this.#now())
    if (error === undefined) this.events.areOver(key)
    else this.#add('not_stored', key, storeReason(error))
  }

  envoyEnded(how: string): void {
    this.#add('envoy_ended', '', how)
  }

  /** @param seconds how long it was away */
  envoyBack(seconds: number): void {
    this.#add('envoy_back', '', `it was away for ${seconds.toFixed(1)} s`)
  }

  envoyDisconnected(node: string): void {
    this.#add('envoy_disconnected', node, 'its connection to the control plane has ended')
  }

  #add(kind: Parameters<RecentEvents['add']>[0], subject: string, reason: string): void {
    this.events.add(kind, subject, reason, this.#now())
  }
}
