import t from 'tap'
import type { FaultName } from '../../bench/simulator/faults-planted.js'
import { PLANTED, plant } from '../../bench/simulator/faults-planted.js'
import { runSchedule } from '../../bench/simulator/schedule.js'

/*
 * Several control planes over one store, through schedules of crashes, freezes, partitions, delays and clocks that
 * differ. `npm run simulate` runs as many as one likes.
 */

const SCHEDULES = 600

/** A fault must be found within so many schedules. */
const TO_FIND = 10_000

t.test('in no schedule is an Envoy wrong after an answer, or anything lost', async (t) => {
  let [answered, unavailable] = [0, 0]
  for (let seed = 1; seed <= SCHEDULES; seed += 1) {
    const outcome = runSchedule(seed)
    answered += outcome.answered
    unavailable += outcome.unavailable
    if (outcome.violation !== undefined) t.fail(`seed ${seed}: ${outcome.violation}`)
  }
  t.ok(answered > 5 * SCHEDULES, `${answered} writes were answered`)
  t.ok(unavailable > 0, `${unavailable} could not be`)
})

t.test('a schedule is the same each time', async (t) => {
  const told: string[][] = [[], []]
  for (const lines of told) runSchedule(7, undefined, (line) => lines.push(line))
  t.ok((told[0]?.length ?? 0) > 10)
  t.strictSame(told[0], told[1])
})

t.test('a fault of the protocol is found, and its seed shows it again', async (t) => {
  for (const fault of Object.keys(PLANTED) as FaultName[]) {
    const takeOut = plant(fault)
    let seed = 1
    while (seed <= TO_FIND && runSchedule(seed, fault).violation === undefined) seed += 1
    const again = runSchedule(seed, fault).violation
    takeOut()
    t.type(again, 'string', `${PLANTED[fault]}: seed ${seed}: ${again}`)
    t.equal(runSchedule(seed).violation, undefined, 'without the fault there is nothing wrong')
  }
})
