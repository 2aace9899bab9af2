import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** What a control group of the kernel says of the memory of a process; each undefined if it says nothing. */
export interface MemoryGroup {
  /** The lowest limit of the group and those above it, in bytes. */
  readonly limit: number | undefined
  /** How many processes the kernel has killed in it for lack of memory. */
  readonly kills: number | undefined
}

/** The files of a controller: those of version 1 and 2 have other names. */
interface Files {
  readonly limit: string
  readonly events: string
}

const VERSION_1: Files = { limit: 'memory.limit_in_bytes', events: 'memory.oom_control' }
const VERSION_2: Files = { limit: 'memory.max', events: 'memory.events' }

/**
 * The group of a process, of version 1 or 2.
 *
 * @param pid its id, or `self`
 * @param root where /proc and /sys are
 */
export function memoryGroupOf(pid: number | 'self', root = '/'): MemoryGroup {
  const place = placeOf(read(join(root, `proc/${pid}/cgroup`)), read(join(root, `proc/${pid}/mountinfo`)))
  if (place === undefined) return { limit: undefined, kills: undefined }
  const { files, mount, directory } = place
  const limits: number[] = []
  for (let at = directory; at.startsWith(mount); at = dirname(at)) {
    const limit = Number.parseInt(read(join(root, at, files.limit)), 10)
    // Version 1 writes a number that no machine has where there is no limit.
    if (limit < 2 ** 60) limits.push(limit)
    if (at === mount) break
  }
  const kills = /^oom_kill (\d+)/m.exec(read(join(root, directory, files.events)))?.[1]
  return {
    limit: limits.length === 0 ? undefined : Math.min(...limits),
    kills: kills === undefined ? undefined : Number(kills),
  }
}

interface Place {
  readonly files: Files
  /** Where the file system of groups is mounted, and the directory of the group in it. */
  readonly mount: string
  readonly directory: string
}

/** @param cgroup /proc/PID/cgroup @param mountinfo /proc/PID/mountinfo */
function placeOf(cgroup: string, mountinfo: string): Place | undefined {
  const first = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(cgroup)?.[1]
  const second = /^0::(.*)$/m.exec(cgroup)?.[1]
  // Where both are mounted, version 1 has the memory.
  return (
    within(first, VERSION_1, / - cgroup \S+ \S*\bmemory\b/, mountinfo) ??
    within(second, VERSION_2, / - cgroup2 /, mountinfo)
  )
}

function within(path: string | undefined, files: Files, kind: RegExp, mountinfo: string): Place | undefined {
  const line = mountinfo.split('\n').find((one) => kind.test(one))
  if (path === undefined || line === undefined) return undefined
  const [, , , root = '/', mount = '/'] = line.split(' ')
  // In a container the mount shows the group alone, whose path elsewhere is that of its root.
  const inside = relative(root, path)
  return { files, mount, directory: inside.startsWith('..') ? mount : join(mount, inside) }
}

/** Empty if there is no such file. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
