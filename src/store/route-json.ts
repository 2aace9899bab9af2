import type { Route } from '../routing/route.js'

/** A route as the shared stores have it. */
export function routeToJson({ routespec, data, lastActivity, added }: Route): string {
  return JSON.stringify({ routespec, data, lastActivity, added })
}

/**
 * The target isn't checked: versions may differ in which they support.
 *
 * @throws Error with what is wrong, in a few words
 */
export function routeFromJson(json: string): Route {
  const route = JSON.parse(json) as Route
  if (typeof route?.routespec !== 'string') throw new Error('its route has no routespec')
  if (typeof route.data?.target !== 'string') throw new Error(`${route.routespec} has no target`)
  const lastActivity = new Date(route.lastActivity)
  if (Number.isNaN(lastActivity.getTime())) throw new Error(`${route.routespec} has no time of its last activity`)
  const added = route.added === undefined ? {} : { added: Number(route.added) }
  return { routespec: route.routespec, data: route.data, lastActivity, ...added }
}
