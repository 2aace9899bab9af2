import { readdirSync, readFileSync } from 'node:fs'

/** A process that is told from a later one of the same id by its start time. */
export interface ProcessIdentity {
  readonly pid: number
  /** In the kernel's clock ticks since boot. */
  readonly startTime: string
}

/** A process and the arguments it was started with, the program first. */
export interface FoundProcess extends ProcessIdentity {
  readonly args: readonly string[]
}

/** The process of this id; undefined if it has ended, even if nobody has asked for its exit status yet. */
export function identify(pid: number): ProcessIdentity | undefined {
  const stat = read(`/proc/${pid}/stat`)
  // The name, in parentheses, may contain anything; the state is field 3 and the start time field 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, startTime] = [fields[0], fields[19]]
  return startTime === undefined || state === 'Z' || state === 'X' ? undefined : { pid, startTime }
}

export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  return identify(pid)?.startTime === startTime
}

/** The processes whose arguments are of a certain form. Others' processes are passed over where they can't be seen. */
export function findProcesses(matches: (args: readonly string[]) => boolean): FoundProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const args = read(`/proc/${name}/cmdline`).split('\0').slice(0, -1)
      const identity = matches(args) ? identify(Number(name)) : undefined
      return identity === undefined ? [] : [{ ...identity, args }]
    })
}

/** Sends a signal to exactly this process; false if it has ended. */
export function signal(identity: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false
  try {
    return process.kill(identity.pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

/** Empty if the process has ended or isn't ours to look at. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
