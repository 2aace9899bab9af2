import type { MetricFamily__Output } from '#proto/io/prometheus/client/MetricFamily.js'
import type { Counters } from '../metrics/request-totals.js'
import type { Route } from '../routing/route.js'
import type { RouteTable } from '../routing/table.js'
import type { Resource } from '../xds/resource.js'
import type { ServedCollection } from '../xds/served-collection.js'
import type { AdsListening } from '../xds/server.js'
import type { AdsCollections } from '../xds/stream.js'
import type { WaitPolicy } from '../xds/wait-policy.js'

/** The Envoys that the control plane serves, as far as it has to know them. */
export interface DataPlane {
  /** Where Envoys find the control plane. */
  readonly xds: AdsListening
  readonly waitPolicy: WaitPolicy
  /** Log level for Envoys connecting and disconnecting. */
  readonly connectionsAt: 'debug' | 'info'
  /** Whether a lost route table can be read from Envoys. */
  readonly recoverable: boolean

  /** An Envoy refuses something that it can't serve users without. */
  refused(message: string): void
  /** The routes that Envoys hold, for a store that has lost them. */
  recover(): Promise<Route[]>
  /** What Envoys have counted, as far as {@link traffic} needs it. */
  totals(): Promise<Counters>
  /** Takes a report of what an Envoy has counted since its previous one. */
  report(metrics: readonly MetricFamily__Output[]): void
  /** Called once Envoys can connect. Resolves when users can be served; false if it was closed or failed instead. */
  serve(delivered: Delivered): Promise<boolean>
}

/** What Envoys get, for code that has to know what has arrived. */
export interface Delivered {
  readonly clusters: ServedCollection
  readonly listeners: ServedCollection
  /** The listeners as an Envoy can try them out while another one serves. */
  readonly listenersWithoutPort: readonly Resource[]
  /** What an ADS stream serves. */
  readonly collections: AdsCollections
  readonly table: Pick<RouteTable, 'get'>
  /** Makes the socket of the control plane again, if its file was removed. */
  readonly restoreSocket: () => Promise<void>
}
