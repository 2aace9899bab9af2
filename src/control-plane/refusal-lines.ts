import { routeKeyOf } from '../resources/names.js'
import type { Rejection } from '../xds/delivery.js'

/** A log line about a cluster that Envoy rejected, and what that means for its route. */
export function rejectionLine({ name, reason, outcome, hasOther }: Rejection): string {
  const key = routeKeyOf(name)
  if (key === undefined) return `Envoy rejected ${name}: ${reason}`
  const kept = hasOther ? 'It is served as it was before' : NOT_SERVED
  const effect = { kept, undone: 'Nothing changed', replaced: 'It has been replaced since' }[outcome]
  return `Envoy rejected the route ${key}. ${effect}: ${reason}`
}

/** A log line about a stored route that was not even sent to Envoy. */
export function unusableLine(routespec: string, reason: string): string {
  return `The stored route ${routespec} can't be served. ${NOT_IN_USE}: ${reason}`
}

const NOT_SERVED = 'That Envoy does not serve it until it is added again'

const NOT_IN_USE = 'It is not in use until it is added again with a target that can be used'
