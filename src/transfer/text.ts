import { printable } from '../platform/text.js'
import { withoutSecrets } from '../routing/target.js'
import type { Differences } from './differences.js'
import type { RouteFields } from './remote-api.js'

/** How much of a routespec or target is shown. */
const SHOWN = 200

/** A line for each route that is not the same in both tables, and a sum. */
export function differencesText({ missing, changed, same, others }: Differences): string {
  const lines = [
    ...[...missing].map(([routespec, fields]) => `+ ${shown(routespec)} -> ${targetOf(fields)}`),
    ...[...changed].map(([routespec, { from, to }]) => `~ ${shown(routespec)} -> ${change(from, to)}`),
    ...others.map((routespec) => `  ${shown(routespec)} is only there, and stays`),
  ]
  return [
    ...lines,
    `${missing.size} to add, ${changed.size} to replace, ${same} alike, ${others.length} only there`,
  ].join('\n')
}

function change(from: RouteFields, to: RouteFields): string {
  const [before, after] = [targetOf(from), targetOf(to)]
  return before === after ? `${after}, with other data` : `${after}, in place of ${before}`
}

function targetOf({ target }: RouteFields): string {
  return shown(withoutSecrets(String(target)))
}

function shown(text: string): string {
  return printable(text, SHOWN)
}
