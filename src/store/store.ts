import type { Route } from '../routing/route.js'

/** Where the route table is kept. The table is the only caller, and writes to one routespec never overlap. */
export interface RouteStore {
  /** All that is stored, once, before anything is written. */
  load(): Promise<readonly Route[]>
  /** Resolves once the route would survive what the store promises to survive. */
  put(route: Route): Promise<void>
  /** Likewise; a routespec that isn't there is no error. */
  delete(routespec: string): Promise<void>
  close(): Promise<void>
}
