import type { Target } from './target.js'

/** What the hub posted for a route, returned unchanged: the target and any other fields. */
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
  /** When it was posted, in seconds since 1970; undefined if a version stored it that did not keep that. */
  readonly added?: number | undefined
}

/** Whole seconds since 1970, which take no memory of their own in each route. */
export function secondsOf(at: Date): number {
  return Math.floor(at.getTime() / 1000)
}

/** A route as Envoy needs it: what is matched, and where it leads. */
export interface RoutePublication {
  /** See {@link routeKey}. */
  readonly key: string
  readonly target: Target
  /** The route's entry, from which it can be recovered. */
  readonly route: Pick<Route, 'routespec' | 'data'>
}
