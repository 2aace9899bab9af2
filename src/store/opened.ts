import type { RouteStore } from '../routing/route.js'

/** A store, and what it means to whoever has opened it. */
export interface OpenedStore extends RouteStore {
  /** Whether what it has stored survives this process. */
  readonly isDurable: boolean
  /** Whether it was made just now, rather than found. */
  readonly isNew: boolean
}
