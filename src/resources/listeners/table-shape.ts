import type { RoutePublication } from '../../routing/route.js'

/**
 * What the route configuration must know of the table. Requests for users are cheaper the less there is to expect, and
 * more than there is does no harm.
 */
export interface TableShape {
  /** How many segments the deepest routespec has, with its host under --host-routing. */
  readonly segments: number
  /** Whether a target has a path. */
  readonly targetPaths: boolean
}

/** Of nearly every hub's table: `/`, `/user/NAME` and `/services/NAME`. */
export function usualShape(hostRouting: boolean): TableShape {
  return { segments: hostRouting ? 3 : 2, targetPaths: false }
}

export function shapeOf({ key, target }: Pick<RoutePublication, 'key' | 'target'>): TableShape {
  return { segments: key.split('/').length - 1, targetPaths: target.path !== '' }
}

/** The shape of two tables together. */
export function together(one: TableShape, other: TableShape): TableShape {
  return {
    segments: Math.max(one.segments, other.segments),
    targetPaths: one.targetPaths || other.targetPaths,
  }
}

/** Whether nothing in a table of one shape is beyond the other. */
export function isWithin(one: TableShape, other: TableShape): boolean {
  return one.segments <= other.segments && (other.targetPaths || !one.targetPaths)
}
