import type { Route, RouteStore } from '../routing/route.js'

/** A store that survives nothing, as CHP's: the table is empty after a restart and the hub fills it again. */
export class MemoryStore implements RouteStore {
  async load(): Promise<readonly Route[]> {
    return []
  }

  async put(): Promise<void> {}

  async delete(): Promise<void> {}

  async close(): Promise<void> {}
}
