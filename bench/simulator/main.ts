import { parseArgs } from 'node:util'
import { FatalError } from '../../src/platform/fatal-error.js'
import { positive } from '../positive.js'
import type { FaultName } from './faults-planted.js'
import { isFault, PLANTED, plant } from './faults-planted.js'
import { runSchedule } from './schedule.js'

const HELP = `Runs the protocol between control planes through many schedules of what can go wrong, in virtual time.

  npm run simulate -- --schedules 100000 --seed 1
  npm run simulate -- --seed 4711 --schedules 1 --trace     replays one schedule
  npm run simulate -- --fault NAME                          breaks the protocol on purpose; ends with 1 if that is not found

Faults: ${Object.entries(PLANTED)
  .map(([name, what]) => `\n  ${name.padEnd(24)}${what}`)
  .join('')}
`

const PROGRESS_MS = 5_000

function main(): void {
  const { values } = parseArgs({
    options: {
      schedules: { type: 'string', default: '10000' },
      seed: { type: 'string', default: '1' },
      fault: { type: 'string' },
      trace: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(HELP)
    return
  }
  const [schedules, first] = [positive(values, 'schedules'), positive(values, 'seed')]
  const { fault } = values
  const isKnown = fault === undefined || isFault(fault)
  if (!isKnown || !Number.isSafeInteger(schedules) || !Number.isSafeInteger(first)) {
    console.error(HELP)
    process.exitCode = 2
    return
  }
  plant(fault)
  simulate(schedules, first, fault, values.trace)
}

function simulate(schedules: number, first: number, fault: FaultName | undefined, isTraced: boolean): void {
  const begun = performance.now()
  let [shownAt, answered, unavailable, events, longest] = [begun, 0, 0, 0, 0]
  const rate = (done: number) => Math.round((done / (performance.now() - begun)) * 1_000)
  for (let done = 0; done < schedules; done += 1) {
    const seed = first + done
    const outcome = runSchedule(seed, fault, isTraced ? (line) => console.log(line) : undefined)
    answered += outcome.answered
    unavailable += outcome.unavailable
    events += outcome.events
    longest = Math.max(longest, outcome.longest)
    if (outcome.violation !== undefined) {
      const again = fault === undefined ? '' : ` --fault ${fault}`
      console.log(`Violation after ${done + 1} schedules: ${outcome.violation}`)
      console.log(`Replay: npm run simulate -- --seed ${seed} --schedules 1 --trace${again}`)
      process.exitCode = fault === undefined ? 1 : 0
      return
    }
    if (performance.now() - shownAt < PROGRESS_MS) continue
    shownAt = performance.now()
    console.log(`${done + 1} schedules, ${rate(done + 1)} a second, ${answered} writes answered, 0 violations`)
  }
  console.log(
    `${schedules} schedules from seed ${first}: ${events} events, ${answered} writes answered, ${unavailable} with 503, ` +
      `the slowest after ${Math.round(longest)} ms; 0 violations (${rate(schedules)} schedules a second)`,
  )
  if (fault !== undefined) process.exitCode = 1
}

try {
  main()
} catch (error) {
  console.error(error instanceof FatalError ? error.message : error)
  process.exitCode = 1
}
