import type { RouteStore } from '../routing/route.js'

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
