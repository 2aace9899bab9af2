import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'

/** A process. The start time distinguishes it from a later process with the same id. */
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
 * The process with this id; undefined if it has ended, even if its parent has not read the exit status yet.
 *
 * @throws Error if the system can't say, for example because too many files are open
 */
export function identify(pid: number): ProcessIdentity | undefined {
  const stat = read(`/proc/${pid}/stat`)
  // The name, in parentheses, may contain anything; after it come fields 3, the state, to 20, how many threads there
  // are, and 22, the start time. The first thread may end before others, which keep what is open.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, threads, startTime] = [fields[0], Number(fields[17]), fields[19]]
  const hasEnded = (state === 'Z' || state === 'X') && threads <= 1
  return startTime === undefined || hasEnded ? undefined : { pid, startTime }
}

/** Whether it runs. If the system can't say now, it counts as running; its end will show later. */
export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  try {
    return identify(pid)?.startTime === startTime
  } catch {
    return true
  }
}

/**
 * The processes of this user whose arguments match. Anyone can start a program with any arguments, but only this user
 * can give it our user id.
 */
export function findProcesses(matches: (args: readonly string[]) => boolean): FoundProcess[] {
  return ourProcesses().flatMap((pid) => {
    const args = read(`/proc/${pid}/cmdline`).split('\0').slice(0, -1)
    const identity = matches(args) ? identify(pid) : undefined
    return identity === undefined ? [] : [{ ...identity, args }]
  })
}

/** Ids of the processes that belong to this user entirely. */
export function ourProcesses(): number[] {
  const user = String(process.getuid?.())
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      // Real, effective, saved and file system ids: a program with the set-user-ID bit has the real id of whoever
      // started it.
      const ids = /^Uid:\t(.*)$/m.exec(read(`/proc/${name}/status`))?.[1]?.split('\t')
      return ids?.every((id) => id === user)
    })
    .map(Number)
}

/** An open file of a process. */
export interface OpenFile {
  readonly fd: string
  /** Its path; for something that has none, `socket:[inode]` or the like. */
  readonly file: string
}

/** The open files of a process. Undefined if we may not see them, as for a program with file capabilities. */
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

/**
 * Whether a path leads a process to the same file as us. In a container it leads to another. True if we may not see, as for
 * a program with file capabilities.
 */
export function shares(pid: number, path: string): boolean {
  const its = fileAt(`/proc/${pid}/root${path}`)
  return its === undefined || its === fileAt(path)
}

/** Which file there is, or `none`; undefined if we may not see. */
function fileAt(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true })
    return `${dev}:${ino}`
  } catch (error) {
    return codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM' ? undefined : 'none'
  }
}

/** A variable of the environment that a process was started with; undefined if it isn't there, or not ours to see. */
export function variableOf(pid: number, name: string): string | undefined {
  const entries = read(`/proc/${pid}/environ`).split('\0')
  return entries.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1)
}

/** Whether a process holds a lock of flock(2) through one of its open files. */
export function locks(pid: number, fd: string): boolean {
  return /^lock:.* FLOCK /m.test(read(`/proc/${pid}/fdinfo/${fd}`))
}

/**
 * The process of this user that has locked a file or directory with flock(2); undefined if there is none.
 *
 * @param path as the kernel reports it for open files
 */
export function holderOf(path: string): ProcessIdentity | undefined {
  const holds = (pid: number) => openFiles(pid)?.some(({ fd, file }) => file === path && locks(pid, fd))
  const holder = ourProcesses().find((pid) => holds(pid) && shares(pid, path))
  return holder === undefined ? undefined : identify(holder)
}

/** The unix sockets whose path begins with `prefix`, in the form of {@link OpenFile.file}. */
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
 * @throws Error if this user may not
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

/** Empty if the process has ended or we may not look at it. */
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
