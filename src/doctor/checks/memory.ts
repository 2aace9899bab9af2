import { readLimits } from '../../settings/limits.js'
import type { MemoryGroup } from '../facts/cgroup.js'
import { resourcesOf } from '../facts/machine.js'
import type { Check } from '../model/check.js'
import { failed, Inapplicable, inapplicable, ok, undone, usable } from '../model/check.js'
import type { Subject } from '../model/subject.js'

const MIB = 1024 * 1024

/** What needs memory beside Envoy's heap: Node.js (150 MB), and Envoy's code and stacks (70 MB). */
const BESIDE_HEAP = 220 * MIB

/** What an idle connection takes, in Envoy. docs/limits.md has the measurement. */
const BYTES_PER_CONNECTION = 16_000

/** From this share of the heap on, requests are refused. */
const REFUSING = 0.85

export interface MemoryFacts {
  readonly memory: number
  /** Whether that is the limit of a container, and not all that the machine has. */
  readonly isLimit: boolean
  readonly maxHeap: number
  readonly maxConnections: number
}

function factsOf(subject: Subject): MemoryFacts {
  if (usable(subject.sections.external) !== undefined) throw new Inapplicable('it matters where Envoys are started')
  const { machine } = resourcesOf(subject)
  const { maxHeapBytes, maxConnections } = readLimits(subject.values, machine)
  return { memory: machine.memory, isLimit: machine.isMemoryOurs, maxHeap: maxHeapBytes, maxConnections }
}

export const HEAP_FITS: Check<Subject, MemoryFacts> = {
  code: 'CEP0302',
  question: "Does --max-heap fit into the container's or the machine's memory?",
  fatal: false,
  remedy: 'Give the container more memory, or lower --max-heap, so that 220 MiB remain beside it',
  gather: async (subject) => factsOf(subject),
  judge({ memory, isLimit, maxHeap }) {
    const whose = isLimit ? "the container's limit" : 'what this machine has'
    const found = `a heap of ${mib(maxHeap)} with 220 MiB beside it, and ${whose} is ${mib(memory)}`
    if (maxHeap + BESIDE_HEAP <= memory) return ok(found)
    const room = Math.floor((memory - BESIDE_HEAP) / MIB)
    if (room < 16) return failed(found, 'Give it 512 MiB or more')
    return failed(found, `--max-heap ${room}, or ${Math.ceil((maxHeap + BESIDE_HEAP) / MIB)} MiB of memory`)
  },
}

export const CONNECTIONS_FIT: Check<Subject, MemoryFacts> = {
  code: 'CEP0303',
  question: 'Do --max-connections connections fit into the heap before requests are refused?',
  fatal: false,
  remedy: 'Raise --max-heap, or lower --max-connections',
  gather: async (subject) => factsOf(subject),
  judge({ maxHeap, maxConnections }) {
    const room = Math.floor((maxHeap * REFUSING) / BYTES_PER_CONNECTION)
    const found = `a heap of ${mib(maxHeap)} has room for ${room} idle connections, allowed are ${maxConnections}`
    if (maxConnections <= room) return ok(found)
    const needed = Math.ceil((maxConnections * BYTES_PER_CONNECTION) / REFUSING / MIB)
    return failed(found, `--max-connections ${room}, or --max-heap ${needed}`)
  },
}

export const NOT_KILLED: Check<Subject, MemoryGroup> = {
  code: 'CEP0304',
  question: 'Has the kernel killed no process of this container for lack of memory?',
  fatal: false,
  remedy: 'Give the container more memory, or lower --max-heap; `dmesg | grep -i oom` shows what was killed',
  gather: async (subject) => resourcesOf(subject).group,
  judge({ limit, kills }) {
    if (kills === undefined && limit === undefined) return inapplicable('it is in no group with a limit of memory')
    if (kills === undefined) return undone('this kernel shows no count')
    return kills === 0 ? ok('none') : failed(`${kills} since the container, or the service, was started`)
  },
}

function mib(bytes: number): string {
  return `${Math.floor(bytes / MIB)} MiB`
}
