import type { Route } from '../../routing/route.js'
import { parseTarget } from '../../routing/target.js'
import { METADATA_NAMESPACE, ROUTE_KEY } from '../names.js'

/**
 * A route as stored in its cluster, from which it can be recovered. The time of its last activity is not included: it
 * changes without a new cluster, so after a restart all clusters would differ from the control plane's.
 */
export type RouteRecord = Pick<Route, 'routespec' | 'data'>

/** Its form in a cluster's metadata. */
export function routeRecord({ routespec, data }: RouteRecord): string {
  return JSON.stringify({ routespec, data })
}

/** The fields used here of a cluster in the dump of Envoy's admin interface. */
export interface DumpedCluster {
  readonly name: string
  readonly metadata?: { readonly filter_metadata?: Readonly<Record<string, Readonly<Record<string, unknown>>>> }
}

/** The route that a cluster was made from. @throws Error if its record is missing or invalid */
export function readRouteRecord(cluster: DumpedCluster): RouteRecord {
  const text = cluster.metadata?.filter_metadata?.[METADATA_NAMESPACE]?.[ROUTE_KEY]
  if (typeof text !== 'string') throw new Error('it has no record of its route')
  const { routespec, data } = JSON.parse(text) as Partial<RouteRecord>
  if (typeof routespec !== 'string' || !routespec.startsWith('/')) throw new Error('its record has no routespec')
  if (typeof data?.target !== 'string') throw new Error('its record has no target')
  parseTarget(data.target)
  return { routespec, data }
}
