import t from 'tap'
import { makeCertificates } from './certificates.js'
import type { NamedDifference, Pattern } from './differences.js'
import { nameOf, patternsOf } from './differences.js'
import { DIFFERENCES } from './intended/all.js'
import { MESSAGES } from './intended/messages.js'
import type { Result } from './suite.js'
import { runSuite } from './suite.js'

const certificates = await makeCertificates()
t.teardown(() => certificates.remove())

const uses = new Map<NamedDifference, number>()
const usedPatterns = new Set<Pattern>()
const results: Result[] = []
const counts = { identical: 0, spelled: 0, named: 0 }

t.test('every case goes as with CHP, but for what is named', async (t) => {
  results.push(...(await runSuite(certificates.directory)))
  for (const { name, differences, error } of results) {
    if (error !== undefined) {
      t.fail(`${name}: ${error.message}`)
      continue
    }
    const found = differences.map((difference) => nameOf(difference, name, DIFFERENCES))
    for (const one of found) if (one !== undefined) usedPatterns.add(one.pattern)
    const names = found.map((one) => one?.row)
    for (const row of new Set(names)) if (row !== undefined) uses.set(row, (uses.get(row) ?? 0) + 1)
    const onlySpelled = names.every((row) => row !== undefined && MESSAGES.includes(row))
    counts[differences.length === 0 ? 'identical' : onlySpelled ? 'spelled' : 'named'] += 1
    t.strictSame(
      differences.filter((_difference, index) => names[index] === undefined),
      [],
      name,
    )
  }
})

t.test('every case has a name of its own', async (t) => {
  const names = results.map(({ name }) => name)
  t.strictSame(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  )
})

t.test('every named difference is seen', async (t) => {
  const unseen = DIFFERENCES.flatMap((row) => patternsOf(row).filter((pattern) => !usedPatterns.has(pattern)))
  t.strictSame(unseen, [], 'what no case shows is no difference (any more)')
})

t.test('how often each difference was seen is printed', async (t) => {
  const { identical, spelled, named } = counts
  t.comment(
    `${results.length} cases: ${identical} identical, ${spelled} but for how messages are written, ${named} with others`,
  )
  for (const [{ where, chp, here }, count] of uses) t.comment(`${count} × ${where}: ${chp} | here: ${here}`)
})
