import type { MetricFamily__Output } from '#proto/io/prometheus/client/MetricFamily.js'
import { ACTIVITY, routeKeyOf } from '../resources/names.js'
import { labelOf } from './report.js'

const STREAM = `${ACTIVITY.prefix}.${ACTIVITY.counters.stream}`

/**
 * How many requests and websockets each route has that have lasted two seconds or more, by the route's key. A request is
 * in a report under several names while its bytes advance. See {@link activityCounters}.
 */
export function longRequests(report: readonly MetricFamily__Output[]): ReadonlyMap<string, number> {
  const seen = new Set<string>()
  const byRoute = new Map<string, number>()
  for (const one of report.flatMap(({ name, metric }) => (name === STREAM ? metric : []))) {
    const [key, stream] = [routeKeyOf(labelOf(one, ACTIVITY.labels.route)), labelOf(one, ACTIVITY.labels.stream)]
    if ((one.counter?.value ?? 0) <= 0 || key === undefined || seen.has(stream)) continue
    seen.add(stream)
    byRoute.set(key, (byRoute.get(key) ?? 0) + 1)
  }
  return byRoute
}
