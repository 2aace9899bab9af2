import createError from '@fastify/error'

/** Envoy refused a resource (a NACK). Nothing has changed; the message is Envoy's. */
export const ResourceRejectedError = createError('CEP_RESOURCE_REJECTED', 'Envoy rejected the route: %s', 400)

/** Envoy did not acknowledge a resource in time. Nothing has changed; asking again may work. */
export const NotAcknowledgedError = createError('CEP_NOT_ACKNOWLEDGED', 'The route was not changed: %s', 503)
