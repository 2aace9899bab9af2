import type { RouteStore } from '../../routing/store.js'

/** The same store; tells of each change whether it could be written. */
export function watchedStore(store: RouteStore, written: (key: string, error: Error | undefined) => void): RouteStore {
  const { watch, agreed } = store
  return {
    load: () => store.load(),
    fill: (routes) => store.fill(routes),
    write: async (change) => {
      try {
        const revision = await store.write(change)
        written(change.key, undefined)
        return revision
      } catch (error) {
        written(change.key, error as Error)
        throw error
      }
    },
    storeActivity: (routes, since) => store.storeActivity(routes, since),
    ...(watch && { watch: watch.bind(store) }),
    ...(agreed && { agreed: agreed.bind(store) }),
    close: () => store.close(),
  }
}
