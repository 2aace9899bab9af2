import t from 'tap'
import type { Check } from '../../src/doctor/model/check.js'

/** The codes of the checks that were judged. */
export const judged = new Set<string>()

/** Facts with which a check is well, and such with which it fails, each with words of the finding. */
export function bothWays<Subject, Facts>(
  { code, judge, remedy: usual }: Check<Subject, Facts>,
  well: Facts,
  bad: ReadonlyArray<readonly [facts: Facts, finding: RegExp, remedy?: RegExp]>,
): void {
  judged.add(code)
  const verdict = judge(well)
  t.equal(verdict.state, 'ok', `${code}: ${verdict.finding}`)
  for (const [facts, finding, remedy] of bad) {
    const failure = judge(facts)
    t.equal(failure.state, 'failed', `${code}: ${failure.finding}`)
    t.match(failure.finding, finding, code)
    if (remedy !== undefined) t.match(failure.remedy ?? usual, remedy, `${code}: the remedy`)
  }
}
