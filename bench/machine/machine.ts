import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { cpus, release, totalmem } from 'node:os'
import { promisify } from 'node:util'
import { readProcessorList } from './shares.js'

/** What everything ran on. */
export interface Machine {
  readonly processor: string
  readonly processors: number
  readonly memoryGib: number
  readonly kernel: string
  readonly node: string
  /** What makes the load, with its version. */
  readonly tools: readonly string[]
}

export async function describeMachine(): Promise<Machine> {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    processors: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
    tools: [await firstLine('wrk', '-v'), await firstLine('h2load', '--version'), await firstLine('curl', '--version')],
  }
}

/** The processors that this program may use. */
export async function allowedProcessors(): Promise<number[]> {
  const status = await readFile('/proc/self/status', 'utf8')
  return readProcessorList(/^Cpus_allowed_list:\s+(\S+)/m.exec(status)?.[1] ?? '0')
}

/** Keeps this program, and those that it starts from now on, to some processors. */
export async function keepTo(processors: string): Promise<void> {
  await promisify(execFile)('taskset', ['-acp', processors, String(process.pid)])
}

async function firstLine(command: string, flag: string): Promise<string> {
  // wrk answers `-v` with its version and an error.
  const run = promisify(execFile)(command, [flag]).catch((error: { stdout?: string }) => ({
    stdout: error.stdout ?? '',
  }))
  const [line = ''] = (await run).stdout.split('\n')
  return line.split(/ \[| Copyright|\(x86|\(aarch/)[0]?.trim() ?? ''
}
