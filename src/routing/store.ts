import type { Route } from './route.js'

/**
 * The number that a store gives to a write. A later write has a higher number. If several control planes write to one
 * store, this orders all their writes.
 */
export type Revision = bigint

/** A change of one route. */
export interface RouteChange {
  /** See {@link routeKey}. A store has at most one route for a key. */
  readonly key: string
  /** The table's previous routespec for this key, maybe in another spelling; undefined if it has none. */
  readonly before: string | undefined
  /** The new route; undefined to remove it. */
  readonly after: Route | undefined
}

/** What a store reports: the new state of one route, or all routes if single writes are not known. */
export type StoreEvent =
  | { readonly revision: Revision; readonly key: string; readonly route: Route | undefined }
  | { readonly revision: Revision; readonly routes: readonly Route[] }

/**
 * Where routes are stored. The table is the only caller in this process, and its writes of one key never overlap.
 * docs/adr/0001-source-of-truth.md has the reasons.
 */
export interface RouteStore {
  /** All stored routes, as of one revision. Called once, before the first write. */
  load(): Promise<readonly Route[]>
  /**
   * Stores recovered routes in a store that has none: all of them or none, since the next start would take a part for
   * the whole table.
   *
   * @throws NotStoredError; the store is then as before
   */
  fill(routes: readonly Route[]): Promise<void>
  /**
   * Resolves once the change is as durable as the store promises. Removing a missing route is no error.
   *
   * @throws NotStoredError, or an error with another status; the store is then as before. If it can't know that, it
   *   reports the outcome by {@link watch}
   */
  write(change: RouteChange): Promise<Revision>
  /**
   * Stores when routes were last active. It creates no route that is no longer stored.
   *
   * @param routes all routes of the table
   * @param since earlier activity is stored already
   * @throws NotStoredError; for some routes it may have been stored
   */
  storeActivity(routes: readonly Route[], since: Date): Promise<void>
  /**
   * Reports every write since {@link load}, this table's own included, in the order of revisions. A store with a single
   * writer has no such method.
   *
   * @param apply called for each event without waiting for the previous one; resolves once every connected Envoy has
   *   it, and rejects if one rejects it or doesn't answer in time. The table has it in any case
   */
  watch?(apply: (event: StoreEvent) => Promise<void>): void
  /**
   * Resolves once the Envoys of all control planes have this write. A store with a single control plane has no such
   * method. It is called when the write is stored and the route's next change may begin: if two control planes that
   * change one route waited for each other before that, neither could apply the other's change.
   *
   * @throws an error with the status 503 if that can't be said; the write is stored nevertheless
   */
  agreed?(revision: Revision): Promise<void>
  close(): Promise<void>
}

/** A store with what the caller that opened it needs to know. */
export interface OpenedStore extends RouteStore {
  /** Where it stores routes, for the log. */
  readonly where: string
  /** Whether stored routes survive this process. */
  readonly isDurable: boolean
  /** Whether it has no routes: then they may have been lost. */
  readonly isNew: boolean
  /** A directory for files that may be lost; undefined if there is none. */
  readonly directory: string | undefined
  /**
   * Closes it after a failed start, and removes what that start has made.
   *
   * @param own how many routes the start itself has stored; if there are more, the hub was answered that they are
   *   stored
   */
  discard(own: number): Promise<void>
}
