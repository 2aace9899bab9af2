import { targetText } from '../../resources/clusters/route-metadata.js'
import type { RouteData } from '../../routing/route.js'
import { parseTarget } from '../../routing/target.js'

/** What JupyterHub posts, in all its versions: names and flags, nothing that opens anything. */
const SHOWN = new Set(['user', 'server_name', 'service', 'hub', 'jupyterhub', 'host'])

/** Takes the place of a value that could be a secret. */
const HIDDEN = '(not shown)'

/**
 * What was posted for a route, without what could be a secret: of the target, credentials and query are left out, and of
 * fields that JupyterHub doesn't post only the name is shown.
 */
export function shownData(data: RouteData): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => {
      if (name === 'target') return [name, shownTarget(data.target)]
      const isPlain = typeof value === 'string' || typeof value === 'boolean'
      return [name, SHOWN.has(name) && isPlain ? value : HIDDEN]
    }),
  )
}

/** A posted target as a URL, without credentials and query. */
export function shownTarget(text: string): string {
  try {
    return targetText(parseTarget(text))
  } catch {
    return '(not a target)'
  }
}
