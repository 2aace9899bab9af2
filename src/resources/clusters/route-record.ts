import type { Route } from '../../routing/route.js'
import { parseTarget } from '../../routing/target.js'
import { METADATA_NAMESPACE, ROUTE_KEY } from '../names.js'

/**
 * What Envoy keeps of a route so that it can be made again. Not when it was last active: that changes without a new
 * cluster, and would make all of them differ from what a restarted control plane has.
 */
export type RouteRecord = Pick<Route, 'routespec' | 'data'>

/** The form in which a cluster's metadata has it. */
export function routeRecord({ routespec, data }: RouteRecord): string {
  return JSON.stringify({ routespec, data })
}

/** As much of a cluster as Envoy's admin interface shows is needed here. */
export interface DumpedCluster {
  readonly name: string
  readonly metadata?: { readonly filter_metadata?: Readonly<Record<string, Readonly<Record<string, unknown>>>> }
}

/** The route that a cluster was made from. @throws Error if that can't be read */
export function readRouteRecord(cluster: DumpedCluster): RouteRecord {
  const text = cluster.metadata?.filter_metadata?.[METADATA_NAMESPACE]?.[ROUTE_KEY]
  if (typeof text !== 'string') throw new Error('it holds no record of its route')
  const { routespec, data } = JSON.parse(text) as Partial<RouteRecord>
  if (typeof routespec !== 'string' || !routespec.startsWith('/')) throw new Error('its record has no routespec')
  if (typeof data?.target !== 'string') throw new Error('its record has no target')
  parseTarget(data.target)
  return { routespec, data }
}
