import type { Target } from './target.js'

/** What the hub posted for a route, returned as it came: the target and any field of its own. */
export interface RouteData {
  readonly target: string
  readonly [field: string]: unknown
}

/** One entry of the route table. */
export interface Route {
  /** The decoded path prefix, under --host-routing with the host as its first segment. See {@link parseRoutespec}. */
  readonly routespec: string
  readonly data: RouteData
  /** When it was added or last in use, as CHP counts it. */
  readonly lastActivity: Date
}

/** A route as the data path needs it: what is matched, and where it leads. */
export interface RoutePublication {
  /** See {@link routeKey}. */
  readonly key: string
  readonly target: Target
  /** What it was made from, and can be made from again. */
  readonly route: Pick<Route, 'routespec' | 'data'>
}

/**
 * Takes a change back that every Envoy has: what was there before is again what they are to have, at once and whatever
 * becomes of it. Resolves when all have it, or after a while in which not all have answered; never rejects.
 */
export type TakeBack = () => Promise<void>

/** Brings routes to every Envoy. The route table owns the calls: at most one at a time for a key. */
export interface RoutePublisher {
  /**
   * Resolves once every connected Envoy routes to the target, for a first or a changed one alike.
   *
   * @throws ResourceRejectedError if an Envoy refused it, NotAcknowledgedError if one didn't answer in time. The old
   *   state is on its way back by then.
   */
  publish(route: RoutePublication): Promise<TakeBack>
  /** Resolves once no connected Envoy has the route. @throws NotAcknowledgedError as above */
  withdraw(key: string): Promise<TakeBack>
  /**
   * The routes that an Envoy refuses although they were to be there, by key, each with Envoy's reason: what was loaded
   * at the start and is not to that Envoy's liking.
   */
  refusals(): ReadonlyMap<string, string>
}

/** Where the route table is kept. The table is the only caller, and writes to one routespec never overlap. */
export interface RouteStore {
  /** All that is stored, once, before anything is written. */
  load(): Promise<readonly Route[]>
  /**
   * Stores what was lost, in a store that has no routes. Without all of them none are there: a part would pass for the
   * whole table at the next start.
   *
   * @throws NotStoredError; the store is then as before
   */
  fill(routes: readonly Route[]): Promise<void>
  /**
   * Resolves once the route would survive what the store promises to survive.
   *
   * @param replaced another spelling of the routespec (see {@link routeKey}), whose route this one takes the place of
   * @throws NotStoredError; the store is then as before
   */
  put(route: Route, replaced?: string): Promise<void>
  /** Likewise; a routespec that isn't there is no error. */
  delete(routespec: string): Promise<void>
  close(): Promise<void>
}
