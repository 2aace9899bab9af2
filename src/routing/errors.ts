import createError from '@fastify/error'

/*
 * Errors that the REST API answers with. The message is the answer's body; the statuses are CHP's if CHP has one.
 */

export const TargetInvalidError = createError('CEP_TARGET_INVALID', "Invalid target '%s': %s", 400)

export const RoutespecInvalidError = createError('CEP_ROUTESPEC_INVALID', 'Invalid route path: %s', 400)

/** Envoy rejected the route (a NACK). Nothing has changed; the reason is Envoy's. */
export const RouteRejectedError = createError('CEP_RESOURCE_REJECTED', 'Envoy rejected the route: %s', 400)

/** Envoy did not acknowledge a change in time. Nothing has changed; a retry may succeed. */
export const RouteNotAcknowledgedError = createError('CEP_NOT_ACKNOWLEDGED', 'The route was not changed: %s', 503)

/** What the message of {@link NotStoredError} begins with; the reason follows. */
const NOT_STORED = 'The route was not changed, since it could not be stored: '

/** The store could not keep a change, most often because the disk is full. Nothing has changed. */
export const NotStoredError = createError('CEP_NOT_STORED', `${NOT_STORED}%s`, 507)

const AWAY = 'The route was not changed: '

/** The store can't be reached. Nothing has changed, as far as is known; a retry may succeed. */
export const StoreAwayError = createError('CEP_STORE_AWAY', `${AWAY}%s`, 503)

/** Why the store has failed, without what that means for a route: for what the store is asked beside changes of routes. */
export function storeReason({ message }: Error): string {
  return message.replace(NOT_STORED, '').replace(AWAY, '')
}
