import t from 'tap'
import { makeCertificates } from './certificates.js'
import type { NamedDifference } from './differences.js'
import { nameOf } from './differences.js'
import { DIFFERENCES } from './intended/all.js'
import type { Result } from './suite.js'
import { runSuite } from './suite.js'

const certificates = await makeCertificates()
t.teardown(() => certificates.remove())

const uses = new Map<NamedDifference, number>()
const results: Result[] = []
const counts = { identical: 0, named: 0 }

t.test('every case goes as with CHP, but for what is named', async (t) => {
  results.push(...(await runSuite(certificates.directory)))
  for (const { name, differences, error } of results) {
    if (error !== undefined) {
      t.fail(`${name}: ${error.message}`)
      continue
    }
    const names = differences.map((difference) => nameOf(difference, name, DIFFERENCES))
    for (const row of new Set(names)) if (row !== undefined) uses.set(row, (uses.get(row) ?? 0) + 1)
    counts[differences.length === 0 ? 'identical' : 'named'] += 1
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
  const unseen = DIFFERENCES.filter((row) => 'length' in row.seen && !uses.has(row))
  t.strictSame(
    unseen.map(({ where, chp }) => `${where}: ${chp}`),
    [],
    'a row that no case shows is no difference (any more)',
  )
})

t.test('what was seen', async (t) => {
  t.comment(`${results.length} cases: ${counts.identical} identical, ${counts.named} with differences`)
  for (const [{ where, chp, here }, count] of uses) t.comment(`${count} × ${where}: ${chp} | here: ${here}`)
})
