import type { FleetView } from '../../fleet/view.js'
import type { Snapshot } from '../../metrics/snapshot.js'
import type { RecentEvent } from '../recent/events.js'
import type { RecentFailure } from '../recent/failures.js'

/** All that the status is made from. */
export interface StatusFacts {
  readonly snapshot: Snapshot
  /** The version of this program. */
  readonly version: string
  /** Whether this program starts Envoy itself. */
  readonly isEmbedded: boolean
  /** Why routes can't be served, by routespec. */
  readonly refusals: ReadonlyMap<string, string>
  /** Whether there is a route that takes all that no other takes, as a hub's is. */
  readonly hasDefaultRoute: boolean
  /** What failed of each route, those that failed last first. */
  readonly failures: readonly RouteFailure[]
  /** What happened to the proxy, the last first. */
  readonly events: readonly RecentEvent[]
  /** Since when changes of routes can't be stored; undefined if the last one could. */
  readonly unstoredSince: Date | undefined
  /** The control planes that serve the same routes; undefined if this is the only one. */
  readonly fleet?: FleetView | undefined
}

/** Requests of a route that failed for one reason. */
export interface RouteFailure extends RecentFailure {
  /** The route; undefined if none had been chosen yet. */
  readonly routespec: string | undefined
  /** As a URL, without credentials and a query; undefined without a route. */
  readonly target: string | undefined
}

/** Whether something happened within the last `seconds`. */
export function isRecent(at: Date, { snapshot }: Pick<StatusFacts, 'snapshot'>, seconds: number): boolean {
  return snapshot.at.getTime() - at.getTime() <= seconds * 1000
}
