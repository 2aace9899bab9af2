import t from 'tap'
import { Coalesced } from '../../src/platform/coalesced.js'

t.test('those who call during a run share the next one, which begins after their call', async (t) => {
  const ends: Array<(value: number) => void> = []
  const coalesced = new Coalesced(() => new Promise<number>((resolve) => ends.push(resolve)))
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  const first = coalesced.run()
  await turn()
  const shared = [coalesced.run(), coalesced.run()]
  await turn()
  t.equal(ends.length, 1)
  ends[0]?.(1)
  t.equal(await first, 1)
  await turn()
  t.equal(ends.length, 2)
  ends[1]?.(2)
  t.strictSame(await Promise.all(shared), [2, 2])
})

t.test('a failure is that of those who shared the run alone', async (t) => {
  let runs = 0
  const coalesced = new Coalesced(async () => {
    runs += 1
    if (runs === 1) throw new Error('away')
    return runs
  })
  await t.rejects(coalesced.run(), { message: 'away' })
  t.equal(await coalesced.run(), 2)
})
