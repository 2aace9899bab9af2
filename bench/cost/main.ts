import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { positive } from '../positive.js'
import { startNginx } from './backend.js'
import { startBuild } from './build.js'
import { startCeiling } from './ceiling.js'
import { costOfRequest, requestsFor } from './measure.js'
import type { Program } from './programs.js'
import { requireCommands } from './programs.js'
import { costTable } from './report.js'

const OPTIONS = {
  routes: { type: 'string', default: '10000' },
  rounds: { type: 'string', default: '12' },
  seconds: { type: 'string', default: '2' },
  against: { type: 'string', multiple: true, default: [] as string[] },
} as const

interface Measured extends Program {
  readonly name: string
  readonly rounds: number[]
}

/**
 * `npm run bench -- cost`: the processor time that Envoy takes for a request, of this build, of other builds (`--against
 * DIRECTORY`, as often as wanted) and of the ceiling. All run at the same time and are measured in turn, in short rounds,
 * so that whatever else goes on in the machine falls on all alike.
 */
export async function costBench(args: string[]): Promise<string> {
  const { values } = parseArgs({ args, options: OPTIONS })
  const [routes, rounds, seconds] = [
    positive(values, 'routes'),
    positive(values, 'rounds'),
    positive(values, 'seconds'),
  ]
  requireCommands('wrk', 'nginx')
  const programs: Measured[] = []
  const nginx = await startNginx()
  try {
    const builds = ['this build', ...values.against]
    const here = fileURLToPath(new URL('../../..', import.meta.url))
    for (const name of [...builds, 'the ceiling']) {
      console.error(`... starting ${name} with ${routes} routes`)
      const input = { routes, backendPort: nginx.port }
      const directory = name === 'this build' ? here : resolve(name)
      const program = name === 'the ceiling' ? await startCeiling(input) : await startBuild({ ...input, directory })
      programs.push({ ...program, name, rounds: [] })
    }
    await measure(programs, requestsFor(routes), rounds, seconds)
    const [first, last] = [programs[0], programs.at(-1)]
    const title = `Envoy's processor time for a request: ${routes} routes, one worker, ${rounds} rounds of ${seconds} s`
    return `${title}\n\n${costTable(programs, first && last ? [first, last] : [])}`
  } finally {
    await Promise.all([nginx, ...programs].map(({ stop }) => stop()))
  }
}

/** The first round, which opens connections, isn't counted. The order turns from round to round. */
async function measure(programs: readonly Measured[], requests: string[], rounds: number, seconds: number) {
  for (let round = 0; round <= rounds; round++) {
    console.error(`... round ${round} of ${rounds}`)
    const order = round % 2 === 0 ? programs : programs.toReversed()
    for (const program of order) {
      const cost = await costOfRequest(program, requests, seconds)
      if (round > 0) program.rounds.push(cost)
    }
  }
}
