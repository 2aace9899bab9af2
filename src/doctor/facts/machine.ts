import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import type { Machine } from '../../settings/machine.js'
import type { Subject } from '../model/subject.js'
import type { MemoryGroup } from './cgroup.js'
import { memoryGroupOf } from './cgroup.js'

/** What the running proxy may use, or a start from here. */
export interface Resources {
  readonly machine: Machine
  readonly group: MemoryGroup
}

/** A service has other limits than the shell that this runs in. */
export function resourcesOf({ running }: Subject): Resources {
  const pid = running.controlPlane ?? running.envoys.at(-1) ?? 'self'
  const group = memoryGroupOf(pid)
  const total = totalmem()
  const isMemoryOurs = group.limit !== undefined && group.limit < total
  return {
    machine: {
      memory: isMemoryOurs && group.limit !== undefined ? group.limit : total,
      isMemoryOurs,
      maxOpenFiles: openFileLimit(readFileSync(`/proc/${pid}/limits`, 'utf8')),
    },
    group,
  }
}

/** The hard limit, to which Node.js raises the soft one. @param limits /proc/PID/limits */
export function openFileLimit(limits: string): number {
  const hard = /^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1]
  return hard === undefined ? Number.POSITIVE_INFINITY : Number(hard)
}
