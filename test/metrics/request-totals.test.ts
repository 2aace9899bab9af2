import t from 'tap'
import type { Counters } from '../../src/metrics/request-totals.js'
import { RequestTotals } from '../../src/metrics/request-totals.js'

t.test('what an Envoy has counted is kept when the next one begins with zero', async (t) => {
  let envoy: Counters | undefined
  const totals = new RequestTotals(async () => {
    if (envoy === undefined) throw new Error('no Envoy')
    return envoy
  })
  const steps: Array<[Record<string, number> | undefined, Record<string, number>]> = [
    [undefined, {}],
    [{ a: 2 }, { a: 2 }],
    [
      { a: 3, b: 1 },
      { a: 3, b: 1 },
    ],
    [undefined, { a: 3, b: 1 }],
    [{ a: 1 }, { a: 4, b: 1 }],
    [{ a: 5 }, { a: 8, b: 1 }],
    // That it is another one shows by any of its counters.
    [{ b: 7 }, { a: 8, b: 8 }],
    [{}, { a: 8, b: 8 }],
  ]
  for (const [counters, expected] of steps) {
    envoy = counters && new Map(Object.entries(counters))
    t.strictSame(Object.fromEntries(await totals.now()), expected)
  }
})

t.test('those who ask at once share one reading, so that none is older than what is known', async (t) => {
  let readings = 0
  const totals = new RequestTotals(async () => {
    readings += 1
    return new Map([['a', readings]])
  })
  await Promise.all([totals.now(), totals.now(), totals.now()])
  t.equal(readings, 1)
  await totals.now()
  t.equal(readings, 2)
})
