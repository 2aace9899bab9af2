import { readdir, readFile } from 'node:fs/promises'
import { identify } from '../../src/platform/processes.js'
import { eventually } from './wait.js'

/** A process and the arguments it was started with. */
export interface RunningProcess {
  readonly pid: number
  readonly command: readonly string[]
}

/**
 * The processes that were started with this entry (`NAME=value`) in their environment. It is passed on, so they are
 * found wherever they are by now in the tree of processes and in whatever session.
 */
export async function processesWith(entry: string): Promise<RunningProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      // A process may end at any time, and others' can't be looked into.
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
      if (!environment.split('\0').includes(entry)) return []
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      return [{ pid: Number(pid), command: command.split('\0').slice(0, -1) }]
    }),
  )
  return found.flat()
}

/** Ends a process by force, if it is still there. */
export function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** The same, and waits until it is gone with all that it had open, such as its ports: a signal is only the beginning. */
export async function endProcess(pid: number): Promise<void> {
  killProcess(pid)
  await eventually(() => !isAlive(pid), `process ${pid} has ended`)
}

/** Whether it runs; one whose end nobody has asked about doesn't. */
export function isAlive(pid: number): boolean {
  return identify(pid) !== undefined
}
