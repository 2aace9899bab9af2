import type { MetricFamily__Output } from '#proto/io/prometheus/client/MetricFamily.js'
import type { Counters } from '../metrics/request-totals.js'
import type { Route } from '../routing/route.js'
import type { OpenedStore } from '../routing/store.js'
import type { RouteTable } from '../routing/table.js'
import type { Resource } from '../xds/resource.js'
import type { ServedCollection } from '../xds/served-collection.js'
import type { AdsListening } from '../xds/server.js'
import type { AdsCollections } from '../xds/stream.js'
import type { WaitPolicy } from '../xds/wait-policy.js'

/** What the control plane has to know of the Envoys that it serves, and what is to be done about them. */
export interface DataPlane {
  /** Where they find the control plane. */
  readonly xds: AdsListening
  readonly waitPolicy: WaitPolicy
  /** How loudly it is said that they come and go. */
  readonly connectionsAt: 'debug' | 'info'
  /** Whether a table that was lost can be read from them. */
  readonly recoverable: boolean
  /** Whether one was running before this start, which a start that fails leaves as it was. */
  readonly adopted: boolean

  /**
   * Before anything listens.
   *
   * @throws FatalError saying what is in the way
   */
  prepare(store: OpenedStore): Promise<void>
  /** One of them refuses what it can't serve users without. */
  refused(message: string): void
  /** The routes that they hold, if the store has lost them. */
  recover(): Promise<Route[]>
  /** What they have counted, as far as {@link traffic} needs it. */
  totals(): Promise<Counters>
  /** Takes a report of what one of them has counted since the one before. */
  report(metrics: readonly MetricFamily__Output[]): void
  /** Once they can connect. Resolves when users can be served; false if it was closed or failed instead. */
  serve(delivered: Delivered): Promise<boolean>
}

/** What Envoys get, for who has to know what has arrived or what it is. */
export interface Delivered {
  readonly clusters: ServedCollection
  readonly listeners: ServedCollection
  /** The listeners as an Envoy can try them out while another one serves. */
  readonly listenersWithoutPort: readonly Resource[]
  /** What an ADS stream serves. */
  readonly collections: AdsCollections
  readonly table: Pick<RouteTable, 'get'>
  /** Makes the socket by which Envoys find the control plane again, if its file was removed. */
  readonly restoreSocket: () => Promise<void>
}
