import { setTimeout as delay } from 'node:timers/promises'
import type { EnvoyAdmin } from '../../envoy/admin.js'
import type { Logger } from '../../platform/log.js'
import type { DumpedCluster } from '../../resources/clusters/route-record.js'
import { readRouteRecord } from '../../resources/clusters/route-record.js'
import { routeKeyOf } from '../../resources/names.js'
import type { Route } from '../../routing/route.js'
import type { ServedCollection } from '../../xds/served-collection.js'

/** How many of the clusters that can't be read are named. */
const NAMED = 5

/** The routes that a running Envoy holds, for a store that was lost. What can't be read is named in the log. */
export async function recoverRoutes(admin: EnvoyAdmin, log: Logger, now: Date): Promise<Route[]> {
  const held = await admin.clusters<DumpedCluster>(['name', 'metadata'])
  const clusters = held.filter(({ cluster: { name } }) => routeKeyOf(name) !== undefined)
  const routes: Route[] = []
  const failures: string[] = []
  for (const { cluster } of clusters) {
    try {
      // Envoy doesn't know when a route was last used. Now is the moment that makes nobody end a server too early.
      routes.push({ ...readRouteRecord(cluster), lastActivity: now })
    } catch (error) {
      failures.push(`${cluster.name} (${(error as Error).message})`)
    }
  }
  if (clusters.length > 0) {
    log.warn(`There were no stored routes: recovered ${routes.length} of ${clusters.length} from the running Envoy`)
  }
  if (failures.length > 0) {
    const more = failures.length > NAMED ? `, and ${failures.length - NAMED} more` : ''
    log.error(`These routes could not be read from the running Envoy: ${failures.slice(0, NAMED).join(', ')}${more}`)
  }
  return routes
}

/** How often a running Envoy that doesn't answer is asked again. */
const ATTEMPTS = 5
const RETRY_MS = 1_000

/**
 * Has every cluster sent again, or removed, that Envoy holds in another version than the collection. Envoy doesn't name
 * those of a response that it refused in part, so one whose control plane died before it was done with that may. One that
 * ends meanwhile is no failure: its successor is sent all there is.
 */
export async function recheckClusters(
  admin: Pick<EnvoyAdmin, 'rejectedUpdates' | 'clusters'>,
  clusters: ServedCollection,
  log: Logger,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await recheck(admin, clusters)
    } catch (error) {
      if (attempt === ATTEMPTS) {
        return log.error(
          `It is not known whether the running Envoy has each route as it is stored: ${(error as Error).message}`,
        )
      }
      await delay(RETRY_MS)
    }
  }
}

async function recheck(
  admin: Pick<EnvoyAdmin, 'rejectedUpdates' | 'clusters'>,
  clusters: ServedCollection,
): Promise<void> {
  if ((await admin.rejectedUpdates()) === 0) return
  const held = await admin.clusters<{ readonly name: string }>(['name'])
  const { collection, subscriptions } = clusters
  subscriptions.resend(
    held.flatMap(({ version, cluster: { name } }) => (collection.get(name)?.version === version ? [] : name)),
  )
}
