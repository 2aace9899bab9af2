import t from 'tap'
import { ratioOf } from '../../bench/cost/report.js'

t.test('a ratio is taken round by round, so that a slow round falls on both', async (t) => {
  const slow = [1, 1, 9, 1, 1, 1]
  const base = { name: 'base', rounds: slow.map((times) => 50 * times) }
  const program = { name: 'program', rounds: slow.map((times) => 60 * times) }
  const { median, low, high } = ratioOf(program, base)
  for (const value of [median, low, high]) t.ok(Math.abs(value - 1.2) < 1e-9)
})

t.test('the bounds of a ratio are those of the sign test, for a confidence of 95 %', async (t) => {
  const program = (rounds: number) => ({ name: 'program', rounds: Array.from({ length: rounds }, (_, i) => i + 1) })
  const base = { name: 'base', rounds: Array.from({ length: 20 }, () => 1) }
  // From its table: the lower bound of 12 values is the third, of 20 the sixth; of fewer than six there is none.
  const { low, high } = ratioOf(program(12), base)
  t.same([low, high], [3, 10])
  t.same([ratioOf(program(20), base).low, ratioOf(program(20), base).high], [6, 15])
  t.same([ratioOf(program(5), base).low, ratioOf(program(5), base).high], [1, 5])
})
