import type { Route } from '../routing/route.js'
import type { Differences } from './differences.js'
import { differences, toPost } from './differences.js'
import type { RouteList } from './remote-api.js'
import type { NamedStore } from './stores.js'

/** How a copy of a store ended. */
export interface Copied {
  readonly copied: number
  /** What the second store still lacks. */
  readonly left: Differences
}

/** What the second store lacks of the first. */
export async function compareStores(from: NamedStore, to: NamedStore): Promise<Differences> {
  return differences(listOf(await from.read()), listOf(await to.read()))
}

/** Adds what the second store lacks, each route with its time of last activity, then compares them again. */
export async function copyStore(from: NamedStore, to: NamedStore, lacking: Differences): Promise<Copied> {
  const wanted = toPost(lacking)
  const routes = (await from.read()).filter(({ routespec }) => wanted.has(routespec))
  if (routes.length > 0) await to.add(routes)
  return { copied: routes.length, left: await compareStores(from, to) }
}

/** What was posted for each route. */
function listOf(routes: readonly Route[]): RouteList {
  return new Map(routes.map(({ routespec, data }) => [routespec, data]))
}
