import type { RouteStore } from '../../routing/store.js'
import { withWrite } from '../../routing/with-write.js'

/** The same store; tells of each change whether it could be written. */
export function watchedStore(store: RouteStore, written: (key: string, error: Error | undefined) => void): RouteStore {
  return withWrite(store, async (change) => {
    try {
      const revision = await store.write(change)
      written(change.key, undefined)
      return revision
    } catch (error) {
      written(change.key, error as Error)
      throw error
    }
  })
}
