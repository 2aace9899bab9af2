import { clusterName } from '../../resources/names.js'
import type { Route } from '../../routing/route.js'
import { routeKey } from '../../routing/routespec.js'
import type { RouteTable } from '../../routing/table.js'
import type { Holding } from '../../xds/holding.js'
import type { Subscriptions } from '../../xds/subscriptions.js'
import type { Candidate, EnvoyHolding, ExplainedRoute, Explanation, Question } from './explanation.js'
import { lookupKeys } from './lookup.js'
import { shownData, shownTarget } from './posted.js'
import { findings } from './verdict.js'

/** What an explanation is made from. All of it is read when the question is asked. */
export interface ExplainSources {
  readonly hostRouting: boolean
  readonly table: Pick<RouteTable, 'get' | 'refusalOf'>
  /** What each Envoy has of the routes' clusters. */
  readonly clusters: Pick<Subscriptions, 'holdings' | 'isEmpty'>
  readonly now: () => Date
}

interface Found {
  readonly route: Route
  readonly refused: string | undefined
  readonly holdings: readonly Holding[]
}

/** Explains what becomes of a request. It costs the same whatever the size of the table. */
export async function explain(question: Question, sources: ExplainSources): Promise<Explanation> {
  const found = candidatesOf(question, sources)
  const wanted = found[0]
  const taker = found.find(isServed)
  const verdict = findings({
    question,
    wanted: wanted && { routespec: wanted.route.routespec, refused: wanted.refused },
    taker: taker?.route.routespec,
    envoys: (wanted?.holdings ?? sources.clusters.holdings('')).map(holdingOf),
  })
  return {
    at: sources.now().toISOString(),
    asked: question,
    reachable: verdict.every(({ severity }) => severity !== 'error'),
    findings: verdict,
    route: taker === undefined ? null : routeOf(taker.route, found),
    candidates: found.map((one) => candidateOf(one, one === taker)),
    envoys: (wanted?.holdings ?? []).map(holdingOf),
  }
}

function candidatesOf({ path, host }: Question, { hostRouting, table, clusters }: ExplainSources): Found[] {
  return lookupKeys(path, host ?? '', hostRouting).flatMap((key) => {
    const route = table.get(key)
    if (route === undefined) return []
    const holdings = clusters.holdings(clusterName(routeKey(route.routespec, hostRouting)))
    return [{ route, refused: table.refusalOf(key), holdings }]
  })
}

/** Whether requests can get there: an Envoy that refuses a route sends them to the next shorter one. */
function isServed({ refused, holdings }: Found): boolean {
  return refused === undefined || holdings.some(({ hasSome }) => hasSome)
}

function routeOf({ routespec, data, lastActivity }: Route, found: readonly Found[]): ExplainedRoute {
  return {
    routespec,
    why: whyOf(routespec, found),
    target: shownTarget(data.target),
    posted: shownData(data),
    lastActivity: lastActivity.toISOString(),
  }
}

function whyOf(routespec: string, found: readonly Found[]): string {
  const at = found.findIndex(({ route }) => route.routespec === routespec)
  if (at > 0) return `Envoy has none of the longer routes, so this one takes the request`
  const shorter = found.slice(1).map(({ route }) => route.routespec)
  if (routespec === '/') return 'no longer route matches, and / takes the rest'
  return shorter.length === 0
    ? 'it is the only route whose prefix the path has'
    : `its prefix is the longest that the path has; shorter ones: ${shorter.join(', ')}`
}

function candidateOf({ route: { routespec, data }, refused }: Found, takes: boolean): Candidate {
  return { routespec, target: shownTarget(data.target), takes, refused: refused ?? null }
}

function holdingOf({ node, isLoading, hasCurrent, hasSome, version, refusal }: Holding): EnvoyHolding {
  const state = isLoading
    ? 'loading'
    : refusal !== undefined
      ? 'refused'
      : hasCurrent
        ? 'acknowledged'
        : hasSome
          ? 'earlier'
          : 'missing'
  return { node, state, version: version ?? null, reason: refusal ?? null }
}
