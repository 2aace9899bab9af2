import { withoutOuterSlashes } from '../../platform/text.js'
import type { Route, RouteData } from '../../routing/route.js'
import { parseTarget } from '../../routing/target.js'

/** As much of a storage class of CHP as is used here. It has `get` and `getTarget` too, which Envoy's lookup replaces. */
export interface ChpBackend {
  /** The data of all routes, by path. */
  getAll(): Promise<Readonly<Record<string, unknown>>>
  add(path: string, data: object): Promise<unknown>
  /** Changes some fields of what was added. */
  update(path: string, data: object): Promise<unknown>
  remove(path: string): Promise<unknown>
}

/** @throws Error if it is no route that can be served */
export function toRoute(path: string, stored: unknown): Route {
  const { last_activity: lastActivity, ...data } = Object(stored) as Record<string, unknown>
  if (typeof data.target !== 'string') throw new Error('it has no target')
  parseTarget(data.target)
  const at = new Date((lastActivity as string | Date | undefined) ?? Number.NaN)
  return {
    routespec: `/${withoutOuterSlashes(path)}`,
    data: data as RouteData,
    // CHP writes it a moment after the rest; it may not have come that far.
    lastActivity: Number.isNaN(at.getTime()) ? new Date() : at,
  }
}

/** The message of whatever a module has thrown. */
export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? ''
}
