import { FAILURE_WORDS } from '../../resources/counters/failure-reasons.js'
import type { RecentCode } from '../recent/failures.js'

/** Why requests failed, to go on after a colon. */
export function failureWords(code: RecentCode): string {
  if (code === 'connections_full')
    return 'as many connections are open as --max-connections allows, and more are closed'
  return FAILURE_WORDS.get(code) ?? code
}
