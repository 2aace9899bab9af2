import { setImmediate as endOfTurn } from 'node:timers/promises'
import type { Route } from '../routing/route.js'

/**
 * How much of an answer is made in one turn of the event loop, in characters: some hundred routes, about a millisecond.
 */
const PIECE = 64 * 1024

/** A route as the API shows it: all that was posted, when it was last active, and the reason if Envoy rejects it. */
export function routeJson({ data, lastActivity }: Route, rejected: string | undefined): string {
  const refusal = rejected === undefined ? {} : { rejected }
  return JSON.stringify({ ...data, last_activity: lastActivity.toISOString(), ...refusal })
}

/**
 * Many routes as one JSON object, by routespec. Other work gets its turn between the pieces, and for a client that
 * reads slowly the next pieces are made when it is ready for them. So a route may be in use meanwhile; its
 * `last_activity` is the value at the time it is written.
 *
 * @param isShown called for each route at that time
 */
export async function* routesJson(
  routes: Iterable<Route>,
  refusals: ReadonlyMap<string, string>,
  isShown: (route: Route) => boolean,
): AsyncGenerator<string> {
  let piece = '{'
  let isFirst = true
  for (const route of routes) {
    if (!isShown(route)) continue
    const { routespec } = route
    piece += `${isFirst ? '' : ','}${JSON.stringify(routespec)}:${routeJson(route, refusals.get(routespec))}`
    isFirst = false
    if (piece.length < PIECE) continue
    yield piece
    piece = ''
    await endOfTurn()
  }
  yield `${piece}}`
}
