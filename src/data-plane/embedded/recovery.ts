import { setTimeout as delay } from 'node:timers/promises'
import type { EnvoyAdmin } from '../../envoy/admin.js'
import type { Logger } from '../../platform/log.js'
import type { DumpedCluster } from '../../resources/clusters/route-record.js'
import { readRouteRecord } from '../../resources/clusters/route-record.js'
import { routeKeyOf } from '../../resources/names.js'
import type { Route } from '../../routing/route.js'
import type { ServedCollection } from '../../xds/served-collection.js'

/** How many unreadable clusters are logged by name. */
const NAMED = 5

/** Reads the routes of a running Envoy, for a store that was lost. Logs those that can't be read. */
export async function recoverRoutes(admin: EnvoyAdmin, log: Logger, now: Date): Promise<Route[]> {
  const held = await admin.clusters<DumpedCluster>(['name', 'metadata'])
  const clusters = held.filter(({ cluster: { name } }) => routeKeyOf(name) !== undefined)
  const routes: Route[] = []
  const failures: string[] = []
  for (const { cluster } of clusters) {
    try {
      // Envoy doesn't know when a route was last used. With the current time, no server is culled too early.
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
 * Re-sends, or removes, each cluster that Envoy has in another version than the collection. When it reconnects, Envoy
 * doesn't report the clusters of a response that it rejected in part, so it may have such clusters if its last control
 * plane died before it had dealt with the rejection. If Envoy ends meanwhile, nothing is lost: its successor is sent
 * everything.
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
          `Could not check whether the running Envoy has all routes as stored: ${(error as Error).message}`,
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
