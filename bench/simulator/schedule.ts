import type { Random } from '../../test/support/random.js'
import { below, pick, seededRandom } from '../../test/support/random.js'
import { Check } from './check.js'
import type { Answer, ControlPlane } from './control-plane.js'
import type { FaultName } from './faults-planted.js'
import { Fleet } from './fleet.js'
import { planWeather } from './weather.js'
import type { Write } from './write.js'

/** What became of one schedule. */
export interface Outcome {
  /** What was wrong; undefined if nothing was. */
  readonly violation: string | undefined
  readonly answered: number
  readonly unavailable: number
  /** How many things have happened. */
  readonly events: number
  /** The longest time until a call was answered with success, in milliseconds. */
  readonly longest: number
}

/** Until every Envoy is connected; and until those that were not the first over this store take changes, too. */
const STARTS_MS = [300, 2_150]

/** How long everything is well at the end: an Envoy must find its way back, and a lease of the dead must end. */
const END_MS = 14_000

const LOOK_MS = 250

/** Runs the schedule of a seed: a fleet, calls, and what goes wrong. */
export function runSchedule(seed: number, fault?: FaultName, trace?: (line: string) => void): Outcome {
  const random = seededRandom(seed)
  const planes = pick(random, [1, 2, 2, 2, 2, 3, 3, 3, 4])
  const hasTransactions = random() < 0.5
  const fleet = new Fleet({ random, planes, envoys: 1 + below(random, 3), hasTransactions, fault, trace })
  const check = new Check(fleet)
  const counts = { done: 0, rejected: 0, unavailable: 0 }
  let longest = 0
  fleet.start()
  const start = pick(random, STARTS_MS)
  const end = planWeather(fleet, random, start + random() * 300)
  const answered = (write: Write, answer: Answer, calledAt: number) => {
    counts[answer] += 1
    trace?.(`${Math.round(fleet.timeline.now)} ${write.key}#${write.number} revision ${write.revision}: ${answer}`)
    if (answer !== 'done') return
    longest = Math.max(longest, fleet.timeline.now - calledAt)
    check.answered(write)
  }
  planCalls(fleet, random, { from: start - 100, until: end + 400 }, answered)
  const isOver = () => check.violation !== undefined
  fleet.timeline.run(end + 1_000, isOver)
  settle(fleet, check, end + END_MS)
  if (!isOver()) check.ended()
  const { done, unavailable } = counts
  return { violation: check.violation, answered: done, unavailable, events: fleet.timeline.count, longest }
}

/** Lets time pass until all members serve, every Envoy is with one, and all have what is stored. A write may be late. */
function settle(fleet: Fleet, check: Check, until: number): void {
  const isOver = () => check.violation !== undefined
  const isQuiet = () =>
    check.isConverged &&
    fleet.slots.every((plane) => plane.isIn) &&
    fleet.envoys.every(({ connection, isServing }) => isServing && connection?.isCurrent === true)
  while (fleet.timeline.now < until && !isOver() && !isQuiet()) {
    fleet.timeline.run(fleet.timeline.now + LOOK_MS, isOver)
  }
}

const KEYS = ['/a', '/b']

function planCalls(
  fleet: Fleet,
  random: Random,
  { from, until }: { readonly from: number; readonly until: number },
  answered: (write: Write, answer: Answer, calledAt: number) => void,
): void {
  const { timeline, slots } = fleet
  const calls = pick(random, [4, 8, 16])
  for (let number = 1; number <= calls; number += 1) {
    const key = random() < 0.75 ? '/a' : pick(random, KEYS)
    const write: Write = { key, number, isBad: random() < 0.03, base: 0n, revision: undefined }
    const slot = below(random, slots.length)
    timeline.after(from + random() * (until - from), () => {
      const calledAt = timeline.now
      const plane = slots[slot] as ControlPlane
      plane.do(() => plane.change(write, (answer) => answered(write, answer, calledAt)))
    })
  }
}
