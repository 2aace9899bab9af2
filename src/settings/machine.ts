import { readFileSync, readlinkSync } from 'node:fs'
import { totalmem } from 'node:os'

/** What there is to share out. */
export interface Machine {
  /** In bytes: what this process and its children may use. */
  readonly memory: number
  /** Whether that is a limit set for them, as in a container, or all that the machine has. */
  readonly isMemoryOurs: boolean
  /** How many files and sockets a process may have open. */
  readonly maxOpenFiles: number
}

export function readMachine(): Machine {
  const total = totalmem()
  // 0 or more than there is where no cgroup sets a limit.
  const constrained = process.constrainedMemory()
  const isMemoryOurs = constrained > 0 && constrained < total
  return { memory: isMemoryOurs ? constrained : total, isMemoryOurs, maxOpenFiles: maxOpenFiles() }
}

/** The process namespace of the machine itself: a constant of Linux (PROC_PID_INIT_INO). */
const MACHINE_NAMESPACE = 'pid:[4026531836]'

/** Whether other users may run programs beside this one, as nobody else does in a container. */
export function isSharedMachine(): boolean {
  return readlinkSync('/proc/self/ns/pid') === MACHINE_NAMESPACE
}

/** Node.js raises the limit at its start to the most it may; Envoy, its child, has the same. */
function maxOpenFiles(): number {
  const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit)
}
