import { FatalError } from '../src/platform/fatal-error.js'

/**
 * The value of an option that is a number above zero.
 *
 * @throws FatalError that names the option, so that nothing is measured by mistake
 */
export function positive<Name extends string>(values: Readonly<Record<Name, string>>, option: Name): number {
  const number = Number(values[option])
  if (number > 0) return number
  throw new FatalError(`--${option} ${values[option]} is no number above 0`)
}
