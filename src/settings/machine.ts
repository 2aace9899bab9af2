import { readFileSync, readlinkSync } from 'node:fs'
import { totalmem } from 'node:os'

/** The resources that the limits are derived from. */
export interface Machine {
  /** What this process and its children may use, in bytes. */
  readonly memory: number
  /** Whether that is a limit for them alone, as in a container; otherwise it is the machine's memory. */
  readonly isMemoryOurs: boolean
  /** How many files and sockets a process may have open. */
  readonly maxOpenFiles: number
}

export function readMachine(): Machine {
  const total = totalmem()
  // Without a limit of a cgroup this is 0, or more than the machine has.
  const constrained = process.constrainedMemory()
  const isMemoryOurs = constrained > 0 && constrained < total
  return { memory: isMemoryOurs ? constrained : total, isMemoryOurs, maxOpenFiles: maxOpenFiles() }
}

/** The machine's own process namespace: a constant of Linux (PROC_PID_INIT_INO). */
const MACHINE_NAMESPACE = 'pid:[4026531836]'

/** Whether other users may run programs here, as they can't in a container. */
export function isSharedMachine(): boolean {
  return readlinkSync('/proc/self/ns/pid') === MACHINE_NAMESPACE
}

/** Node.js raises its soft limit to the hard limit when it starts. Envoy, its child, inherits that. */
function maxOpenFiles(): number {
  const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit)
}
