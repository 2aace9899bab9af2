import type { Route } from '../../src/routing/route.js'
import type { Revision, RouteStore } from '../../src/routing/store.js'

type Writable = Pick<RouteStore, 'write'>

/** Stores a route as the table does; `before` is another spelling that it takes the place of. */
export function put(store: Writable, route: Route, before?: string): Promise<Revision> {
  return store.write({ key: route.routespec, before, after: route })
}

/** Removes what is stored for a routespec. */
export function remove(store: Writable, routespec: string): Promise<Revision> {
  return store.write({ key: routespec, before: routespec, after: undefined })
}
