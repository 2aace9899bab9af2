import { join } from 'node:path'
import { rounded } from '../../src/operations/page/format.js'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import type { ProfileName } from '../../src/rehearse/record.js'
import type { Judged } from '../../src/rehearse/report/compare.js'
import { proxyCpuMs } from '../../src/rehearse/run/own-cost.js'
import { CRASHES } from '../../src/rehearse/verdict/resources.js'
import type { Size } from '../../src/rehearse/verdict/sizing.js'
import { sizingOf } from '../../src/rehearse/verdict/sizing.js'
import { markdownTable } from '../report/markdown-table.js'
import { makeCgroup } from './cgroup.js'
import { reasonsOf, VERDICTS } from './figures.js'
import { replaceRows } from './part.js'
import { rehearsed } from './run.js'

interface Plan {
  readonly profile: ProfileName
  readonly rampS: number
}

/**
 * By users. They come no faster than 12 a second, as a lecture of 3,000 in five minutes, so that two processors suffice for
 * the proxy and for those who play. With the profile `lecture` 3,000 have 20,000 connections to a proxy, which takes as many
 * open files again as most systems allow a process; with `idle`, and when connections that nobody uses have time to close, 10,000.
 */
const PLANS: ReadonlyMap<number, Plan> = new Map([
  [100, { profile: 'lecture', rampS: 30 }],
  [300, { profile: 'lecture', rampS: 30 }],
  [1_000, { profile: 'lecture', rampS: 80 }],
  [3_000, { profile: 'idle', rampS: 330 }],
])

export const SIZES: readonly number[] = [...PLANS.keys()]

/** After all have come. */
const STAY_S = 30

const HEAD = [
  'Users',
  'Options',
  'Requests',
  'Limits',
  'Without a limit',
  'Within the limits',
  'Within half of them',
  'Processor time of the rehearsal, against the proxy',
]

/**
 * Measures the size to request for so many users, rehearses the same with the proxy in a cgroup of that size, which must
 * pass, and in one of half that size, in which it may shed load but not die. Writes the rows into the document, beside those
 * of other numbers of users.
 *
 * @throws Error if there is no plan for a number of users
 */
export async function sizingRehearsals(sizes: readonly number[]): Promise<string> {
  const rows: string[][] = []
  for (const users of sizes) {
    rows.push(await row(users))
    await replaceRows('sizes', HEAD, rows, SIZES.map(rounded))
  }
  return markdownTable(HEAD, rows, 'words')
}

async function row(users: number): Promise<string[]> {
  const plan = PLANS.get(users)
  if (plan === undefined) throw new Error(`No sizes are measured for ${users} users, only for ${SIZES.join(', ')}.`)
  const options = ['--profile', plan.profile, '--for', `${plan.rampS + STAY_S}s`, '--ramp', `${plan.rampS}s`]
  console.error(`... ${users} users`)
  const free = await rehearsed({ proxy: 'this', users, options })
  const [sizing, proxyMs] = [sizingOf(free), proxyCpuMs(free)]
  if (sizing === undefined || proxyMs === undefined) throw new Error("the proxy's processes could not be seen")
  const { requests, limits } = sizing
  const half = { cpus: limits.cpus / 2, memoryMib: Math.floor(limits.memoryMib / 2) }
  const cells = [written(requests), written(limits), outcome(free, 0)]
  for (const size of [limits, half]) {
    console.error(`... ${users} users in ${written(size)}`)
    cells.push(await within(size, users, options))
  }
  return [rounded(users), `\`${options.join(' ')}\``, ...cells, (free.generator.cpuMs / proxyMs).toFixed(2)]
}

/** The same rehearsal, with the proxy's processes in a cgroup. */
async function within(size: Size, users: number, options: readonly string[]): Promise<string> {
  const cgroup = await makeCgroup(`cep-size-${process.pid}`, size)
  try {
    const enter = cgroup.members.map((file) => `echo $$ > ${file}`).join(' && ')
    const main = join(PACKAGE_ROOT, 'build/src/cli/main.js')
    // The shell enters and gives its place to the proxy; what follows are the proxy's arguments.
    const command = `sh -c '${enter} && exec "${process.execPath}" "$0" "$@"' ${main}`
    const rehearsal = await rehearsed({ proxy: 'this', users, options, command })
    return outcome(rehearsal, await cgroup.outOfMemory())
  } finally {
    await cgroup.remove()
  }
}

function outcome({ verdict, failures, seconds }: Judged, outOfMemory: number): string {
  const requests = seconds.reduce((sum, second) => sum + second.requests, 0)
  const shed = failures.filter(({ kind }) => kind === 'status 503').reduce((sum, { count }) => sum + count, 0)
  const died = outOfMemory > 0 || verdict.checks.some(({ name, outcome: word }) => name === CRASHES && word === 'fail')
  return [
    VERDICTS[verdict.status],
    ...reasonsOf(verdict),
    ...(shed > 0 ? [`${rounded(shed)} of ${rounded(requests)} requests shed`] : []),
    died ? `the kernel killed ${outOfMemory} processes for want of memory` : 'no process died',
  ].join('; ')
}

function written({ cpus, memoryMib }: Size): string {
  return `${Number(cpus.toFixed(2))} CPU, ${memoryMib} MiB`
}
