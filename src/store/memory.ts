import type { Route } from '../routing/route.js'
import type { OpenedStore, Revision } from '../routing/store.js'

/** Stores nothing, as in CHP: the table is empty after a restart, and the hub fills it again. */
export class MemoryStore implements OpenedStore {
  readonly where = 'memory'
  readonly isDurable = false
  readonly isNew = true
  readonly directory = undefined
  #revision = 0n

  async load(): Promise<readonly Route[]> {
    return []
  }

  async fill(): Promise<void> {}

  async write(): Promise<Revision> {
    this.#revision += 1n
    return this.#revision
  }

  async storeActivity(): Promise<void> {}

  async close(): Promise<void> {}

  async discard(): Promise<void> {}
}
