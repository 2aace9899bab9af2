import type { Route } from './route.js'

/**
 * The number that a store gives to a write. A later write has a higher one, whoever makes it: where several control planes
 * write to one store, this is the order of their writes.
 */
export type Revision = bigint

/** What is to become of one route. */
export interface RouteChange {
  /** Which route: see {@link routeKey}. A store has one route at most for a key. */
  readonly key: string
  /** The routespec that the table has for this key so far, maybe in another spelling; undefined if it has none. */
  readonly before: string | undefined
  /** The route from now on; undefined if it is removed. */
  readonly after: Route | undefined
}

/** What a store tells of its writes: what became of one route, or all that there is where single writes are not known. */
export type StoreEvent =
  | { readonly revision: Revision; readonly key: string; readonly route: Route | undefined }
  | { readonly revision: Revision; readonly routes: readonly Route[] }

/**
 * Where routes are kept. The table is the only caller in this process, and its writes of one key never overlap.
 * docs/adr/0001-source-of-truth.md has the reasons.
 */
export interface RouteStore {
  /** All that is stored, as of one revision. Called once, before anything is written. */
  load(): Promise<readonly Route[]>
  /**
   * Stores what was lost, in a store that has no routes. Without all of them none are there: a part would pass for the
   * whole table at the next start.
   *
   * @throws NotStoredError; the store is then as before
   */
  fill(routes: readonly Route[]): Promise<void>
  /**
   * Resolves once the change would survive what the store promises to survive. Removing what isn't there is no error.
   *
   * @throws NotStoredError, or an error with another status; the store is then as before. Where it can't know that, it
   *   tells what became of the change by {@link watch}
   */
  write(change: RouteChange): Promise<Revision>
  /**
   * Stores when routes were last active. It makes no route: what isn't stored any more stays away.
   *
   * @param routes all that the table has
   * @param since what was active before is stored already
   * @throws NotStoredError; for some it may have been stored
   */
  storeActivity(routes: readonly Route[], since: Date): Promise<void>
  /**
   * Tells of every write since {@link load}, this table's own included, in the order of revisions. A store that nobody
   * else writes to has no such method.
   *
   * @param apply called for each without waiting for the one before; resolves once every connected Envoy has it, and
   *   rejects if one refuses it or doesn't answer in time. The table has it either way
   */
  watch?(apply: (event: StoreEvent) => Promise<void>): void
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
