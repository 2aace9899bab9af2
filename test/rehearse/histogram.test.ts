import fc from 'fast-check'
import t from 'tap'
import { Histogram } from '../../src/rehearse/histogram.js'

const times = fc.array(fc.double({ min: 0.07, max: 1_000_000, noNaN: true }), { minLength: 1, maxLength: 200 })

t.test('a quantile is exact to a sixteenth, and never too short', async () => {
  fc.assert(
    fc.property(times, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
      const histogram = new Histogram()
      for (const ms of all) histogram.record(ms)
      const exact = [...all].sort((one, other) => one - other)[Math.max(1, Math.ceil(share * all.length)) - 1] ?? 0
      const found = histogram.quantile(share)
      return found >= exact * 0.999_999 && found <= exact * (1 + 1 / 16) * 1.000_001
    }),
  )
})

t.test('what is recorded is the same when it is read', async () => {
  fc.assert(
    fc.property(times, times, (some, others) => {
      const [one, other, both] = [new Histogram(), new Histogram(), new Histogram()]
      for (const ms of some) one.record(ms)
      for (const ms of others) other.record(ms)
      for (const ms of [...some, ...others]) both.record(ms)
      const sum = Histogram.of(one.sparse())
      sum.add(other.sparse())
      return JSON.stringify(sum.sparse()) === JSON.stringify(both.sparse()) && sum.count === both.count
    }),
  )
})

t.test('no time, and times beyond all bounds, are counted too', async (t) => {
  const histogram = new Histogram()
  t.equal(histogram.quantile(0.5), 0)
  for (const ms of [0, -1, Number.MAX_VALUE]) histogram.record(ms)
  t.equal(histogram.count, 3)
  t.ok(histogram.quantile(1) > 1_000_000)
})
