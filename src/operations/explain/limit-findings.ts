import type { RecentFailure } from '../recent/failures.js'
import { ago, failedWithin, LATELY_MS, NOW_MS } from './facts.js'
import type { Finding } from './finding.js'
import { error, warning } from './finding.js'

export interface LimitReached {
  /** Also the code of the failures that it causes. */
  readonly cause: 'heap_full' | 'connections_full' | 'route_full'
  readonly failures: readonly RecentFailure[]
  readonly now: Date
}

/**
 * A limit that is reached now, or was lately: then users are served again.
 *
 * @param what what is full and what becomes of users, without a full stop
 */
export function* reached({ cause, failures, now }: LimitReached, what: string, todo: string): Iterable<Finding> {
  const last = failedWithin(LATELY_MS, now, failures, cause)
  if (last === undefined) return
  const isNow = now.getTime() - last.last.getTime() < NOW_MS
  yield (isNow ? error : warning)(cause, `${what} (${times(last, now)}).`, todo)
}

/** How often and when something failed. */
export function times({ count, last }: RecentFailure, now: Date): string {
  return `${count} ${count === 1 ? 'time' : 'times'}, last ${ago(last, now)}`
}
