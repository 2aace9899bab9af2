import { FatalError } from '../../platform/fatal-error.js'

/** It can't be judged: see `EXIT_STATUS` of the verdict. */
const NOT_JUDGED = 2

/** @throws FatalError if the rehearsal was ended before it began */
export function throwIfEnded(over: AbortSignal): void {
  if (over.aborted) throw new FatalError('It was ended before anybody came: there is nothing to report.', NOT_JUDGED)
}
