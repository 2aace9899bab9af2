import type { Route } from './route.js'

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

/** A store, and what it means to whoever has opened it. */
export interface OpenedStore extends RouteStore {
  /** Where it keeps routes, for the log. */
  readonly where: string
  /** Whether what it has stored survives this process. */
  readonly isDurable: boolean
  /** Whether there are no routes in it: then they may have been lost. */
  readonly isNew: boolean
  /** Where files can be kept beside it that may be lost; undefined if there is no such place. */
  readonly directory: string | undefined
  /**
   * Closes it after a start that has failed. What that start has made is removed again.
   *
   * @param own how many routes it has stored by itself; with more there are some that the hub was told are stored
   */
  discard(own: number): Promise<void>
}
