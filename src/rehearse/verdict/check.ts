import type { Rehearsal } from '../record.js'
import type { Thresholds } from './thresholds.js'

/** `unknown` if the rehearsal can't tell. */
export type Outcome = 'pass' | 'fail' | 'unknown'

/** What was asked of a rehearsal, and the answer. */
export interface Check {
  /** What was looked at, such as `failed requests`. */
  readonly name: string
  readonly outcome: Outcome
  /** The figure, with its unit. */
  readonly figure: string
  /** What it may be at most, or should be. */
  readonly limit: string
}

/** Pure. Undefined if the question doesn't arise. */
export type Judge = (rehearsal: Rehearsal, thresholds: Thresholds) => Check | undefined

export function outcomeOf(isWell: boolean): Outcome {
  return isWell ? 'pass' : 'fail'
}
