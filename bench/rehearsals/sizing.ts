import { join } from 'node:path'
import { rounded } from '../../src/operations/page/format.js'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import type { Judged } from '../../src/rehearse/report/compare.js'
import { CRASHES } from '../../src/rehearse/verdict/resources.js'
import type { Size } from '../../src/rehearse/verdict/sizing.js'
import { sizingOf } from '../../src/rehearse/verdict/sizing.js'
import { markdownTable } from '../report/markdown-table.js'
import { makeCgroup } from './cgroup.js'
import { reasonsOf, VERDICTS } from './figures.js'
import { replacePart } from './part.js'
import { rehearsed } from './run.js'

export const SIZES = [100, 300, 1_000, 3_000] as const

/**
 * Measures the size to request for so many users, rehearses the same with the proxy in a cgroup of that size, which must
 * pass, and in one of half that size, in which it may shed load but not die. Writes the result into the document if it was
 * for all sizes.
 */
export async function sizingRehearsals(sizes: readonly number[], seconds: number): Promise<string> {
  const options = ['--for', `${seconds}s`, '--ramp', `${Math.round(seconds / 2)}s`]
  const rows: string[][] = []
  for (const users of sizes) {
    console.error(`... ${users} users`)
    const free = await rehearsed({ proxy: 'this', users, options })
    const sizing = sizingOf(free)
    if (sizing === undefined) throw new Error("the proxy's processes could not be seen")
    const { requests, limits } = sizing
    const half = { cpus: limits.cpus / 2, memoryMib: Math.floor(limits.memoryMib / 2) }
    const cells = [written(requests), written(limits), outcome(free, 0)]
    for (const size of [limits, half]) {
      console.error(`... ${users} users in ${written(size)}`)
      cells.push(await within(size, users, options))
    }
    rows.push([rounded(users), ...cells])
  }
  const head = ['Users', 'Requests', 'Limits', 'Without a limit', 'Within the limits', 'Within half of them']
  const content = [
    `    configurable-envoy-proxy rehearse --proxy-only --users N ${options.join(' ')}`,
    markdownTable(head, rows, 'words'),
  ].join('\n\n')
  if (SIZES.every((size) => sizes.includes(size))) await replacePart('sizes', content)
  return content
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
