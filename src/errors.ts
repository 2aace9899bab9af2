import createError from '@fastify/error'

/**
 * Why the program can't start or go on, in one sentence for the operator: what happened, to what, and what to do.
 * The command line prints the message to stderr and exits with status 1, as CHP does.
 */
export class FatalError extends Error {
  override readonly name = 'FatalError'
}

/** Errors of the REST API. The message is the answer's body; the statuses are CHP's wherever CHP has one. */
export const BodyNotJsonError = createError('CEP_BODY_NOT_JSON', 'Body not valid JSON: %s', 400)
export const BodyTooDeepError = createError('CEP_BODY_TOO_DEEP', 'Body nested deeper than %d levels', 400)
export const TargetMissingError = createError('CEP_TARGET_MISSING', "Must specify 'target' as string", 400)
export const TargetInvalidError = createError('CEP_TARGET_INVALID', "Invalid target '%s': %s", 400)
export const RoutespecInvalidError = createError('CEP_ROUTESPEC_INVALID', 'Invalid route path: %s', 400)
export const DatestampInvalidError = createError(
  'CEP_DATESTAMP_INVALID',
  "Invalid datestamp '%s' must be ISO8601.",
  400,
)
export const MethodNotSupportedError = createError('CEP_METHOD_NOT_SUPPORTED', 'Method not supported', 405)

/** Envoy refused a resource (a NACK). Nothing has changed; the message is Envoy's. */
export const ResourceRejectedError = createError('CEP_RESOURCE_REJECTED', 'Envoy rejected the route: %s', 400)

/** Envoy did not acknowledge a resource in time. Nothing has changed; asking again may work. */
export const NotAcknowledgedError = createError('CEP_NOT_ACKNOWLEDGED', 'The route was not changed: %s', 503)

/** The store could not keep a change, most often because the disk is full. Nothing has changed. */
export const NotStoredError = createError(
  'CEP_NOT_STORED',
  'The route was not changed, since it could not be stored: %s',
  507,
)
