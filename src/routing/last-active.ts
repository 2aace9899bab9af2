import type { Route } from './route.js'

/**
 * A stored route with the time that is stored apart from it, in milliseconds since 1970. The later time counts: a time
 * before the route's own is from before it was posted again.
 */
export function lastActive(route: Route, at = 0): Route {
  return at > route.lastActivity.getTime() ? { ...route, lastActivity: new Date(at) } : route
}
