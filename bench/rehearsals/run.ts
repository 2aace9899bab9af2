import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import type { Judged } from '../../src/rehearse/report/compare.js'
import { readReport } from '../../src/rehearse/report/read.js'
import { REPORT_FILES } from '../../src/rehearse/report/write.js'

/** The proxies that are rehearsed, with what a reader types for them. */
export const PROXIES = {
  this: { title: 'this', package: undefined },
  'chp-5': { title: 'CHP 5.3.0', package: 'configurable-http-proxy' },
  'chp-4': { title: 'CHP 4.6.3', package: 'configurable-http-proxy-4' },
} as const

export type ProxyName = keyof typeof PROXIES

/** A rehearsal, by the options of the command. */
export interface Rehearsed {
  readonly proxy: ProxyName
  readonly users: number
  readonly options: readonly string[]
  /** In place of the proxy's usual command. */
  readonly command?: string
}

/**
 * Runs the command as a user would, and reads its report.
 *
 * @throws Error if it wrote none
 */
export async function rehearsed({ proxy, users, options, command = commandOf(proxy) }: Rehearsed): Promise<Judged> {
  const directory = await mkdtemp(join(tmpdir(), 'cep-rehearsed-'))
  try {
    const start = command === undefined ? [] : ['--proxy-command', command]
    const own = ['rehearse', '--proxy-only', '--users', String(users), ...options, ...start, '--report', directory]
    const main = join(PACKAGE_ROOT, 'build/src/cli/main.js')
    const child = spawn(process.execPath, [main, ...own], { stdio: ['ignore', 'ignore', 'pipe'] })
    let printed = ''
    child.stderr.on('data', (part) => {
      printed = (printed + part).slice(-2_000)
    })
    const [status] = (await once(child, 'close')) as [number | null]
    return await readReport(join(directory, REPORT_FILES.json)).catch(() => {
      throw new Error(`rehearse ended with ${status} and no report:\n${printed}`)
    })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function commandOf(proxy: ProxyName): string | undefined {
  const { package: name } = PROXIES[proxy]
  if (name === undefined) return undefined
  return `${process.execPath} ${join(PACKAGE_ROOT, 'node_modules', name, 'bin/configurable-http-proxy')}`
}
