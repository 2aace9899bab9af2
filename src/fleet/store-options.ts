import type { Clock } from '../platform/clock.js'
import type { PlainLog } from '../platform/log.js'
import type { SharedStore } from '../store/shared.js'
import type { MutualTls } from '../xds/credentials.js'
import type { LinksOptions, PeerLinks } from './streams/links.js'

export interface FleetStoreOptions {
  readonly store: SharedStore
  /** `host:port` at which other members reach this one; undefined if they can't. */
  readonly address: string | undefined
  /** Undefined where this process can't be reached over TCP. */
  readonly tls: MutualTls | undefined
  /** Whether this member's Envoys can connect to another one, and so must leave it when it has lost its place. */
  readonly canMove: boolean
  readonly log: PlainLog
  readonly clock?: Clock
  readonly newId?: () => string
  /** gRPC, unless a test passes its own. */
  readonly makeLinks?: (options: LinksOptions) => PeerLinks
}
