import { bytes, rounded } from '../../src/operations/page/format.js'
import { usageOf } from '../../src/rehearse/processes/series.js'
import type { Judged } from '../../src/rehearse/report/compare.js'
import { markdownTable } from '../report/markdown-table.js'
import { reasonsOf, VERDICTS } from './figures.js'
import { replacePart } from './part.js'
import type { ProxyName } from './run.js'
import { PROXIES, rehearsed } from './run.js'

const CONTENDERS: readonly ProxyName[] = ['chp-4', 'chp-5', 'this']
const USERS = 300

/** Rehearses the outage of 2024 with both lines of CHP and this, and writes what was seen into the document. */
export async function outageRehearsals(minutes: number): Promise<string> {
  const options = ['--for', `${minutes}m`, '--ramp', '40s', '--incident', 'core-2024@45s']
  const results: Array<readonly [ProxyName, Judged]> = []
  for (const proxy of CONTENDERS) {
    console.error(`... core-2024, ${PROXIES[proxy].title}`)
    results.push([proxy, await rehearsed({ proxy, users: USERS, options })])
  }
  const rows = results.map(([proxy, rehearsal]) => [PROXIES[proxy].title, ...outageCells(rehearsal)])
  const content = [
    `    configurable-envoy-proxy rehearse --proxy-only --users ${USERS} ${options.join(' ')}`,
    markdownTable(
      ['Proxy', 'Verdict', 'Sockets, after a quarter and at the end', 'Memory', 'What failed'],
      rows,
      'words',
    ),
  ].join('\n\n')
  await replacePart('outage', content)
  return content
}

/** How a proxy grew, from when all users were there. */
export function outageCells({ verdict, processes, seconds }: Judged): string[] {
  const usage = usageOf(processes, seconds.length).filter((one) => one !== undefined)
  const [early, late] = [usage[Math.floor(usage.length / 4)], usage.at(-2)]
  return [
    VERDICTS[verdict.status],
    `${rounded(early?.sockets ?? 0)} -> ${rounded(late?.sockets ?? 0)}`,
    `${bytes(early?.memoryBytes ?? 0)} -> ${bytes(late?.memoryBytes ?? 0)}`,
    reasonsOf(verdict).join('; ') || 'nothing',
  ]
}
