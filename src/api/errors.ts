import createError from '@fastify/error'

/*
 * Errors of calls that never reach the route table. The message is the answer's body; the statuses are CHP's if CHP has
 * one.
 */

export const BodyNotJsonError = createError('CEP_BODY_NOT_JSON', 'Body not valid JSON: %s', 400)

export const BodyTooDeepError = createError('CEP_BODY_TOO_DEEP', 'Body nested deeper than %d levels', 400)

export const BodyTooLargeError = createError('CEP_BODY_TOO_LARGE', 'Request body is too large', 413)

export const BodyIncompleteError = createError('CEP_BODY_INCOMPLETE', 'The body ended early', 400)

export const TargetMissingError = createError('CEP_TARGET_MISSING', "Must specify 'target' as string", 400)

export const DatestampInvalidError = createError(
  'CEP_DATESTAMP_INVALID',
  "Invalid datestamp '%s' must be ISO8601.",
  400,
)

export const MethodNotSupportedError = createError('CEP_METHOD_NOT_SUPPORTED', 'Method not supported', 405)
