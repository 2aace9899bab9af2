import type { Difference } from './compare.js'

/** Which differences a row is about. What is absent may be anything. */
export interface Pattern {
  readonly field: string | RegExp
  /** The names of the cases. */
  readonly of?: RegExp
  readonly chp?: RegExp
  readonly here?: RegExp
}

/** A difference from CHP that is intended, with the reason: a row of docs/compatibility.md. */
export interface NamedDifference {
  readonly where: string
  readonly chp: string
  readonly here: string
  readonly reason: string
  /** Where it is seen, or why no case can show it. */
  readonly seen: readonly Pattern[] | { readonly byHand: string }
}

/** The row that a difference belongs to, if it is an intended one, and which of its patterns says so. */
export function nameOf(
  difference: Difference,
  caseName: string,
  rows: readonly NamedDifference[],
): { readonly row: NamedDifference; readonly pattern: Pattern } | undefined {
  for (const row of rows) {
    const pattern = patternsOf(row).find((one) => matches(one, difference, caseName))
    if (pattern !== undefined) return { row, pattern }
  }
  return undefined
}

/** None of a row that no case can show. */
export function patternsOf({ seen }: NamedDifference): readonly Pattern[] {
  return 'byHand' in seen ? [] : seen
}

function matches({ field, of, chp, here }: Pattern, difference: Difference, caseName: string): boolean {
  return (
    (typeof field === 'string' ? field === difference.field : field.test(difference.field)) &&
    (of?.test(caseName) ?? true) &&
    (chp?.test(difference.chp) ?? true) &&
    (here?.test(difference.here) ?? true)
  )
}
