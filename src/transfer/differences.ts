import { isDeepStrictEqual } from 'node:util'
import type { RouteFields, RouteList } from './remote-api.js'

/** What one table lacks of another. */
export interface Differences {
  readonly missing: RouteList
  readonly changed: ReadonlyMap<string, { readonly from: RouteFields; readonly to: RouteFields }>
  /** How many are the same in both. */
  readonly same: number
  /** Routespecs that only the second table has. */
  readonly others: readonly string[]
}

/** Compares a table with that which it is to get into. */
export function differences(wanted: RouteList, found: RouteList): Differences {
  const missing = new Map<string, RouteFields>()
  const changed = new Map<string, { from: RouteFields; to: RouteFields }>()
  for (const [routespec, to] of wanted) {
    const from = found.get(routespec)
    if (from === undefined) missing.set(routespec, to)
    else if (!isDeepStrictEqual(from, to)) changed.set(routespec, { from, to })
  }
  const others = [...found.keys()].filter((routespec) => !wanted.has(routespec))
  return { missing, changed, same: wanted.size - missing.size - changed.size, others }
}

/** What has to be added or replaced. */
export function toPost({ missing, changed }: Differences): RouteList {
  return new Map([...missing, ...[...changed].map(([routespec, { to }]) => [routespec, to] as const)])
}
