import { clusterName } from '../../resources/names.js'
import type { Route } from '../../routing/route.js'
import { routeKey } from '../../routing/routespec.js'
import type { RouteTable } from '../../routing/table.js'
import type { Holding } from '../../xds/holding.js'
import type { Subscriptions } from '../../xds/subscriptions.js'
import type { Candidate, EnvoyHolding } from './explanation.js'
import { shownTarget } from './posted.js'

/** A route whose prefix the path has, and what is known of it. */
export interface Found {
  readonly key: string
  readonly route: Route
  /** Why Envoy or this program refuses it. */
  readonly refused: string | undefined
  readonly holdings: readonly Holding[]
}

export interface TableSources {
  readonly table: Pick<RouteTable, 'get' | 'refusalOf'>
  /** What each Envoy has of the routes' clusters. */
  readonly clusters: Pick<Subscriptions, 'holdings'>
}

/** @param keys as {@link lookupKeys} returns them */
export function candidates(keys: readonly string[], hostRouting: boolean, { table, clusters }: TableSources): Found[] {
  return keys.flatMap((one) => {
    const route = table.get(one)
    if (route === undefined) return []
    const key = routeKey(route.routespec, hostRouting)
    return [{ key, route, refused: table.refusalOf(one), holdings: clusters.holdings(clusterName(key)) }]
  })
}

/** Whether requests can get there: an Envoy without a route sends them to the next shorter one. */
export function isServed({ refused, holdings }: Found): boolean {
  return refused === undefined || holdings.some(({ hasSome }) => hasSome)
}

/** Why a route takes the request, in a sentence. */
export function whyOf(taker: Found, found: readonly Found[]): string {
  const at = found.indexOf(taker)
  if (at > 0) return `Envoy has none of the longer routes: ${routespecs(found.slice(0, at))}`
  if (taker.key === '/') return 'no other route has a prefix of the path, and / takes the rest'
  if (found.length === 1) return 'it is the only route with a prefix of the path'
  return `its prefix is the longest of those that the path has; shorter: ${routespecs(found.slice(1))}`
}

function routespecs(found: readonly Found[]): string {
  return found.map(({ route }) => route.routespec).join(', ')
}

export function candidateOf({ route: { routespec, data }, refused }: Found, takes: boolean): Candidate {
  return { routespec, target: shownTarget(data.target), takes, refused: refused ?? null }
}

export function holdingOf(holding: Holding): EnvoyHolding {
  const { node, version, refusal } = holding
  return { node, state: stateOf(holding), version: version ?? null, reason: refusal ?? null }
}

function stateOf({ isLoading, refusal, hasCurrent, hasSome }: Holding): EnvoyHolding['state'] {
  if (isLoading) return 'loading'
  if (refusal !== undefined) return 'refused'
  if (hasCurrent) return 'acknowledged'
  return hasSome ? 'earlier' : 'missing'
}
