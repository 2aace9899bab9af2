import { FatalError } from '../platform/fatal-error.js'
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

/** What the second store lacks of the first. @throws FatalError if the first was never in use, or one can't be read */
export async function compareStores(from: NamedStore, to: NamedStore): Promise<Differences> {
  return differences(listOf(await routesOf(from)), listOf((await to.read()) ?? []))
}

/** A store that was never in use is another one than the operator means. */
async function routesOf(from: NamedStore): Promise<readonly Route[]> {
  const routes = await from.read()
  if (routes !== undefined) return routes
  throw new FatalError(
    `No proxy has kept routes in ${from.name} yet, so there is nothing to copy. Check its name and --storage-name.`,
  )
}

/** Adds what the second store lacks, each route with its time of last activity, then compares them again. */
export async function copyStore(from: NamedStore, to: NamedStore, lacking: Differences): Promise<Copied> {
  const wanted = toPost(lacking)
  const routes = (await routesOf(from)).filter(({ routespec }) => wanted.has(routespec))
  if (routes.length > 0) await to.add(routes)
  return { copied: routes.length, left: await compareStores(from, to) }
}

/** What was posted for each route. */
function listOf(routes: readonly Route[]): RouteList {
  return new Map(routes.map(({ routespec, data }) => [routespec, data]))
}
