import createError from '@fastify/error'

/** This control plane takes no calls that change routes now; another one may. Nothing has changed. */
export const NotInFleetError = createError('CEP_NOT_IN_FLEET', 'The route was not changed: this control plane %s', 503)

/** The change is stored, but it can't be said that every Envoy has it. Who asks again is told. */
export const NotAgreedError = createError(
  'CEP_NOT_AGREED',
  'The change is stored, but not every control plane has confirmed it yet: repeat the call',
  503,
)
