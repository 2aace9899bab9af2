import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

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

/**
 * The process of this id; undefined if it has ended, even if nobody has asked for its exit status yet.
 *
 * @throws Error if the system can't say, as for want of open files
 */
export function identify(pid: number): ProcessIdentity | undefined {
  const stat = read(`/proc/${pid}/stat`)
  // The name, in parentheses, may contain anything; after it come fields 3, the state, to 20, how many threads there are,
  // and 22, the start time. The first thread may end before others, which keep what is open.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, threads, startTime] = [fields[0], Number(fields[17]), fields[19]]
  const hasEnded = (state === 'Z' || state === 'X') && threads <= 1
  return startTime === undefined || hasEnded ? undefined : { pid, startTime }
}

/** Whether it runs. Where the system can't say, it counts as running: its end shows later. */
export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  try {
    return identify(pid)?.startTime === startTime
  } catch {
    return true
  }
}

/**
 * The processes of this user alone whose arguments are of a certain form. Anyone can start a program with any arguments;
 * nobody else can give it our user id.
 */
export function findProcesses(matches: (args: readonly string[]) => boolean): FoundProcess[] {
  return ourProcesses().flatMap((pid) => {
    const args = read(`/proc/${pid}/cmdline`).split('\0').slice(0, -1)
    const identity = matches(args) ? identify(pid) : undefined
    return identity === undefined ? [] : [{ ...identity, args }]
  })
}

/** The processes that this user alone has started and can end. */
export function ourProcesses(): number[] {
  const user = String(process.getuid?.())
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      // Real, effective, saved and of the file system: a program with the set-user-ID bit has another's real one.
      const ids = /^Uid:\t(.*)$/m.exec(read(`/proc/${name}/status`))?.[1]?.split('\t')
      return ids?.every((id) => id === user)
    })
    .map(Number)
}

/** An open file of a process. */
export interface OpenFile {
  readonly fd: string
  /** Its path, or for others `socket:[inode]` and the like. */
  readonly file: string
}

/** What a process has open. Undefined if that isn't ours to see, as of a program with capabilities of its own. */
export function openFiles(pid: number): OpenFile[] | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const file = readLink(`/proc/${pid}/fd/${fd}`)?.replace(/ \(deleted\)$/, '')
      return file === undefined ? [] : [{ fd, file }]
    })
  } catch (error) {
    if (codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM') return undefined
    if (isGone(error)) return []
    throw error
  }
}

/** A variable of the environment that a process was started with; undefined if it isn't there, or not ours to see. */
export function variableOf(pid: number, name: string): string | undefined {
  const entries = read(`/proc/${pid}/environ`).split('\0')
  return entries.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1)
}

/** Whether a process has a lock of flock(2) by one of its open files. */
export function locks(pid: number, fd: string): boolean {
  return /^lock:.* FLOCK /m.test(read(`/proc/${pid}/fdinfo/${fd}`))
}

/** The unix sockets with a path that begins like this, as {@link OpenFile.file} has them. */
export function socketsBelow(prefix: string): Set<string> {
  const lines = read('/proc/net/unix').split('\n').slice(1)
  // Number: reference count, protocol, flags, type, state, inode and path.
  const sockets = lines.flatMap((line) => {
    const [, inode, path] = /^\S+: \S+ \S+ \S+ \S+ \S+ +(\d+) (.*)$/.exec(line) ?? []
    return path?.startsWith(prefix) ? [`socket:[${inode}]`] : []
  })
  return new Set(sockets)
}

/**
 * Sends a signal to exactly this process; false if it has ended.
 *
 * @throws Error if that isn't allowed
 */
export function signal(identity: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false
  try {
    return process.kill(identity.pid, name)
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false
    throw new Error(`${name} can't be sent to process ${identity.pid}: ${(error as Error).message}`)
  }
}

/** Empty if the process has ended or isn't ours to look at. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (isGone(error)) return ''
    throw error
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}

function isGone(error: unknown): boolean {
  return ['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(codeOf(error) ?? '')
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
