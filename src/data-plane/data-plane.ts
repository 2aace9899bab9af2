import type { Route } from '../routing/route.js'
import type { RouteTable } from '../routing/table.js'
import type { Resource } from '../xds/resource.js'
import type { ServedCollection } from '../xds/served-collection.js'
import type { AdsListening } from '../xds/server.js'
import type { AdsCollections } from '../xds/stream.js'
import type { WaitPolicy } from '../xds/wait-policy.js'

/** What the control plane needs to know of the Envoys that it serves. */
export interface DataPlane {
  /** Where Envoys connect to the control plane. */
  readonly xds: AdsListening
  readonly waitPolicy: WaitPolicy
  /** Log level for Envoys connecting and disconnecting. */
  readonly connectionsAt: 'debug' | 'info'
  /** Whether a lost route table can be read from Envoys. */
  readonly recoverable: boolean

  /** Called when an Envoy rejects a resource without which it can't serve users. */
  onUnusable(message: string): void
  /** The routes of the running Envoys, for a store that has lost its own. */
  recover(): Promise<Route[]>
  /** Requests and websockets that a cluster has now; undefined if Envoy can't be asked, or doesn't answer. */
  requestsOf(cluster: string): Promise<number | undefined>
  /** Makes Envoys open the file of their access log again, as after it has been renamed. */
  reopenAccessLog(): Promise<void>
  /**
   * Called once Envoys can connect. Resolves with true once users can be served; with false if it was closed or failed.
   */
  serve(delivered: Delivered): Promise<boolean>
}

/** Called when an Envoy that this program watches has ended and is started again, and when it serves again. */
export interface EnvoyWatcher {
  envoyEnded(how: string): void
  envoyBack(seconds: number): void
}

/** What Envoys are sent, for code that has to know what has been delivered. */
export interface Delivered {
  readonly clusters: ServedCollection
  readonly listeners: ServedCollection
  /** The same listeners for an Envoy that tries them out while another one serves. */
  readonly listenersWithoutPort: readonly Resource[]
  /** What an ADS stream serves. */
  readonly collections: AdsCollections
  readonly table: Pick<RouteTable, 'get'>
  /** Makes the control plane's socket again if its file was removed. */
  readonly restoreSocket: () => Promise<void>
}
