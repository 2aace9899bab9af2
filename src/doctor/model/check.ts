import { isDoneWithin, SYSTEM_CLOCK } from '../../platform/clock.js'
import { FatalError } from '../../platform/fatal-error.js'

/**
 * What a check found. `undone` is a check that could not be made, which is not good news; `inapplicable` is one whose
 * question doesn't arise with these options.
 */
export type State = 'ok' | 'failed' | 'undone' | 'inapplicable'

export interface Verdict {
  readonly state: State
  /** What was found, or why nothing was, in a sentence without its full stop. */
  readonly finding: string
  /** What to do, with the exact command where there is one. */
  readonly remedy?: string
}

/** What is known of a check before it is made. */
export interface CheckSpec {
  /** Never given to another question. */
  readonly code: `CEP${number}`
  readonly question: string
  /** Whether a failure means that a start fails, or that users are not served. */
  readonly fatal: boolean
  /** What to do if it fails, in general: a row of the table in docs/doctor.md. */
  readonly remedy: string
}

/** One check: it gathers facts of a subject, and judges them. */
export interface Check<Subject, Facts = unknown> extends CheckSpec {
  /** Reads and asks, but changes nothing. @throws Error saying why the check can't be made */
  gather(subject: Subject): Promise<Facts>
  /** Pure: the same facts have the same verdict. */
  judge(facts: Facts): Verdict
}

/** A check that was made. */
export interface Result extends CheckSpec, Omit<Verdict, 'remedy'> {}

/** A check whose kind of facts nobody needs to know. */
export interface AnyCheck<Subject> extends CheckSpec {
  make(subject: Subject): Promise<Result>
}

/** How long one check may take, in milliseconds. */
const LIMIT_MS = 20_000

/** Makes a check usable beside others with other facts. */
export function anyCheck<Subject, Facts>(check: Check<Subject, Facts>, limitMs = LIMIT_MS): AnyCheck<Subject> {
  const { code, question, fatal, remedy } = check
  return {
    ...{ code, question, fatal, remedy },
    async make(subject) {
      return { code, question, fatal, remedy, ...(await verdictOf(check, subject, limitMs)) }
    },
  }
}

async function verdictOf<Subject, Facts>(
  check: Check<Subject, Facts>,
  subject: Subject,
  limitMs: number,
): Promise<Verdict> {
  try {
    const gathered = check.gather(subject)
    if (!(await isSettledWithin(limitMs, gathered))) return undone(`no answer within ${limitMs / 1000} s`)
    return check.judge(await gathered)
  } catch (error) {
    if (error instanceof Inapplicable) return inapplicable(error.message)
    return undone((error as Error).message.replace(/\.$/, ''))
  }
}

function isSettledWithin(limitMs: number, work: Promise<unknown>): Promise<boolean> {
  return isDoneWithin(
    SYSTEM_CLOCK,
    limitMs,
    work.catch(() => {}),
  )
}

/** Thrown while facts are gathered, if the question doesn't arise. */
export class Inapplicable extends Error {}

export function ok(finding: string): Verdict {
  return { state: 'ok', finding }
}

/** @param remedy if it differs from that of the check */
export function failed(finding: string, remedy?: string): Verdict {
  return remedy === undefined ? { state: 'failed', finding } : { state: 'failed', finding, remedy }
}

export function undone(finding: string): Verdict {
  return { state: 'undone', finding }
}

export function inapplicable(finding: string): Verdict {
  return { state: 'inapplicable', finding }
}

/** A section of the settings. @throws Error if it can't be used: another check says why */
export function usable<T>(section: T | FatalError): T {
  if (section instanceof FatalError) throw new Error(`its options can't be used (CEP0101)`)
  return section
}
