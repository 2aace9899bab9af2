import type { RouteStore } from './store.js'

/** The same store, but for how it writes. */
export function withWrite(store: RouteStore, write: RouteStore['write']): RouteStore {
  const { watch, agreed } = store
  return {
    load: () => store.load(),
    fill: (routes) => store.fill(routes),
    write,
    storeActivity: (routes, since) => store.storeActivity(routes, since),
    ...(watch && { watch: watch.bind(store) }),
    ...(agreed && { agreed: agreed.bind(store) }),
    close: () => store.close(),
  }
}
