// node build/test/differential/show.js [PATTERN [full]]: the differences without a name in the cases whose names match,
// each with the cases that show it; or all that both did.
import { inspect } from 'node:util'
import { makeCertificates } from './certificates.js'
import type { Pattern } from './differences.js'
import { nameOf, patternsOf } from './differences.js'
import { DIFFERENCES } from './intended/all.js'
import { runSuite } from './suite.js'

const [pattern, form] = process.argv.slice(2)
const certificates = await makeCertificates()
const began = performance.now()
const used = new Set<Pattern>()
const shownBy = new Map<string, string[]>()
const results = await runSuite(certificates.directory, (name) => new RegExp(pattern ?? '').test(name))
for (const { name, differences, error, observed, tookMs = 0 } of results) {
  if (form === 'full') console.log(`\n=== ${name}`, inspect(observed, { depth: 9, maxStringLength: 300 }))
  if (tookMs > 300) console.log(`${Math.round(tookMs)} ms: ${name}`)
  if (error) console.log(`\n=== ${name}: ${error.message}`)
  for (const difference of differences) {
    const named = nameOf(difference, name, DIFFERENCES)
    if (named !== undefined) {
      used.add(named.pattern)
      continue
    }
    const { field, chp, here } = difference
    const text = `${field}\n    CHP  ${JSON.stringify(chp.slice(0, 200))}\n    here ${JSON.stringify(here.slice(0, 200))}`
    shownBy.set(text, [...(shownBy.get(text) ?? []), name])
  }
}
for (const [text, names] of [...shownBy].sort()) {
  console.log(`${text}\n    ${names.length} × ${names.slice(0, 6).join('; ')}`)
}
if (pattern === undefined) {
  for (const row of DIFFERENCES) {
    for (const one of patternsOf(row)) if (!used.has(one)) console.log(`not seen: ${row.where}: ${inspect(one)}`)
  }
}
console.log(`${results.length} cases in ${((performance.now() - began) / 1000).toFixed(1)} s`)
await certificates.remove()
