import type { Route } from '../../routing/route.js'
import { withoutSecrets } from '../../routing/target.js'
import { shownTarget } from '../explain/posted.js'

/** What routes can be sorted by. */
export const SORT_KEYS = ['route', 'target', 'active', 'state'] as const
export type SortKey = (typeof SORT_KEYS)[number]

/** How many routes a page has, unless asked for another number. */
export const PAGE_SIZE = 50
export const MAX_PAGE_SIZE = 1_000

/** Which routes are shown, and how. */
export interface RoutesQuery {
  /** Shown are routes that have this in their path, their target or their user's name, in any case. */
  readonly filter: string
  readonly sort: SortKey
  readonly isDescending: boolean
  /** From 1. */
  readonly page: number
  readonly size: number
}

/** One page of the route table: `GET /api/status/routes`. */
export interface RoutesView {
  readonly query: RoutesQuery
  /** Routes in the table. */
  readonly total: number
  /** Routes that the filter leaves. */
  readonly found: number
  /** At least 1. */
  readonly pages: number
  /** The page shown: the last one if the query asks for one beyond it. */
  readonly page: number
  readonly routes: readonly RouteView[]
}

export interface RouteView {
  readonly routespec: string
  /** Without credentials and query. */
  readonly target: string
  /** As the hub posted them; null if it posted none. */
  readonly user: string | null
  readonly server: string | null
  readonly lastActivity: string
  /** Why it can't be served; null if it can. */
  readonly refused: string | null
}

/** A pure function of the table. It reads each route once, and makes the view of only those that are shown. */
export function routesView(
  table: Iterable<Route>,
  refusals: ReadonlyMap<string, string>,
  query: RoutesQuery,
): RoutesView {
  const all = [...table]
  const wanted = query.filter.toLowerCase()
  const found = wanted === '' ? all : all.filter((route) => matches(route, wanted))
  const compare = COMPARISONS[query.sort](refusals)
  const direction = query.isDescending ? -1 : 1
  found.sort((one, other) => direction * compare(one, other) || ascending(one.routespec, other.routespec))
  const pages = Math.max(1, Math.ceil(found.length / query.size))
  const page = Math.min(query.page, pages)
  const shown = found.slice((page - 1) * query.size, page * query.size)
  return {
    ...{ query, total: all.length, found: found.length, pages, page },
    routes: shown.map((route) => routeView(route, refusals.get(route.routespec))),
  }
}

type Comparison = (one: Route, other: Route) => number

const COMPARISONS: Readonly<Record<SortKey, (refusals: ReadonlyMap<string, string>) => Comparison>> = {
  route: () => (one, other) => ascending(one.routespec, other.routespec),
  target: () => (one, other) => ascending(one.data.target, other.data.target),
  active: () => (one, other) => one.lastActivity.getTime() - other.lastActivity.getTime(),
  // Those that can't be served come first.
  state: (refusals) => (one, other) => Number(refusals.has(other.routespec)) - Number(refusals.has(one.routespec)),
}

/** In the order of code units: a table of any size is sorted at once, and `/user/a` comes before `/user/b`. */
function ascending(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

function matches({ routespec, data }: Route, wanted: string): boolean {
  const has = (text: unknown) => typeof text === 'string' && text.toLowerCase().includes(wanted)
  if (has(routespec) || has(data.user) || has(data.server_name)) return true
  // Nearly what shownTarget shows, a hundred times faster: it is asked for each route.
  return has(data.target) && has(withoutSecrets(data.target))
}

function routeView({ routespec, data, lastActivity }: Route, refused: string | undefined): RouteView {
  return {
    routespec,
    target: shownTarget(data.target),
    user: textOf(data.user),
    server: textOf(data.server_name),
    lastActivity: lastActivity.toISOString(),
    refused: refused ?? null,
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
