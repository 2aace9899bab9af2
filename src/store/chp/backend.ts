import { withoutOuterSlashes } from '../../platform/text.js'
import type { Route, RouteData } from '../../routing/route.js'
import { parseTarget } from '../../routing/target.js'

/**
 * The methods used here of a storage class of CHP. It also has `get` and `getTarget`, which Envoy's lookup replaces.
 */
export interface ChpBackend {
  /** The data of all routes, by path. */
  getAll(): Promise<Readonly<Record<string, unknown>>>
  add(path: string, data: object): Promise<unknown>
  /** Changes some fields of a route. */
  update(path: string, data: object): Promise<unknown>
  remove(path: string): Promise<unknown>
}

/** @throws Error if it is not a route that can be served */
export function toRoute(path: string, stored: unknown): Route {
  const { last_activity: lastActivity, ...data } = Object(stored) as Record<string, unknown>
  if (typeof data.target !== 'string') throw new Error('it has no target')
  parseTarget(data.target)
  const at = new Date((lastActivity as string | Date | undefined) ?? Number.NaN)
  return {
    routespec: `/${withoutOuterSlashes(path)}`,
    data: data as RouteData,
    // CHP writes it a moment after the rest, so it may be missing.
    lastActivity: Number.isNaN(at.getTime()) ? new Date() : at,
  }
}

/** The message of anything that a module has thrown. */
export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? ''
}
