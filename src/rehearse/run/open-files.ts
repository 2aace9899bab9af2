import { readFileSync, statSync } from 'node:fs'

/** Connections of one user on both sides of the proxy, which this process has, and the port of the user's server. */
const FOR_EACH_USER = 15

/**
 * A warning if users may take more open files than this process may have; undefined if they don't, or the system doesn't say.
 *
 * @param limits the text of /proc/self/limits
 */
export function openFilesWarning(users: number, limits: string = ownLimits()): string | undefined {
  const limit = openFilesLimit(limits)
  const needed = users * FOR_EACH_USER
  if (!(needed > limit)) return undefined
  return `${users} users may take ${needed} open files, and this shell allows ${limit}: raise that with ulimit -n ${needed}`
}

/** How many files this process may have open; NaN if there is no limit, or the system doesn't say. */
export function openFilesLimit(limits: string = ownLimits()): number {
  return Number(/^Max open files +(\d+)/m.exec(limits)?.[1])
}

/** How many it has open now; 0 where the system doesn't say for little: Linux does since 6.2. */
export function openFiles(): number {
  try {
    return statSync('/proc/self/fd').size
  } catch {
    return 0
  }
}

function ownLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return ''
  }
}
