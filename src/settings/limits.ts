import type { Machine } from './machine.js'
import type { OptionSpec, OptionValues } from './option.js'
import { wholeNumber } from './option.js'

/** How much load is taken. */
export const LIMIT_OPTIONS = [
  {
    flags: '--max-connections <n>',
    description: "Users' connections that are taken; one too many is closed",
    defaultDescription: '10000, or what the limit of open files allows',
    number: wholeNumber('The number of connections', 1, 10_000_000),
  },
  {
    flags: '--max-requests-per-route <n>',
    description: 'Requests and websockets under way to one route; one too many is answered 503',
    default: 2000,
    number: wholeNumber('The number of requests', 1, 10_000_000),
  },
  {
    flags: '--max-heap <MiB>',
    description: "Size of Envoy's heap, below which load is refused so that it never gets there",
    defaultDescription: "60 % of the container's memory, or 25 % of the machine's",
    number: wholeNumber("The size of Envoy's heap", 16, 16_777_216),
  },
  {
    flags: '--request-timeout <seconds>',
    description: 'How long a client may take to send a request, 0 for no end',
    default: 3600,
    number: wholeNumber('The time for a request', 0, 1_000_000),
  },
] as const satisfies readonly OptionSpec[]

export type LimitOptions = OptionValues<typeof LIMIT_OPTIONS>

/** How much load is taken before some of it is refused. docs/limits.md has the reasons of the defaults. */
export interface Limits {
  /** At which size of Envoy's heap, in bytes, the most is done against it; from 85 % of it on requests are refused. */
  readonly maxHeapBytes: number
  /** Users' connections, all together. One too many is closed. */
  readonly maxConnections: number
  /** Requests under way to one route, websockets included. One too many is answered 503. */
  readonly maxRequestsPerRoute: number
  /** How long a client may take to send a request, in milliseconds; 0 for no end. */
  readonly requestTimeoutMs: number
  /** What the operator should know of them. */
  readonly warnings: readonly string[]
}

const MIB = 1024 * 1024

/** The rest is for Node.js (up to 150 MB), Envoy's code and stacks (70 MB), and the kernel's buffers of the sockets. */
const HEAP_SHARE_OF_CONTAINER = 0.6
/** A machine has more to do than to run its proxy. */
const HEAP_SHARE_OF_MACHINE = 0.25

const DEFAULT_MAX_CONNECTIONS = 10_000

/** A websocket is a connection to the client and one to the backend. */
const FILES_PER_CONNECTION = 2
/** What Envoy has open besides: its listener, the control plane, logs, event loops. */
const OTHER_FILES = 200

export function readLimits(values: LimitOptions, machine: Machine): Limits {
  const most = Math.max(1, Math.floor((machine.maxOpenFiles - OTHER_FILES) / FILES_PER_CONNECTION))
  const maxConnections = values.maxConnections ?? Math.min(DEFAULT_MAX_CONNECTIONS, most)
  const share = machine.isMemoryOurs ? HEAP_SHARE_OF_CONTAINER : HEAP_SHARE_OF_MACHINE
  return {
    maxHeapBytes: values.maxHeap === undefined ? Math.floor(machine.memory * share) : values.maxHeap * MIB,
    maxConnections,
    maxRequestsPerRoute: values.maxRequestsPerRoute,
    requestTimeoutMs: values.requestTimeout * 1000,
    warnings: maxConnections <= most ? [] : [tooFewFiles(maxConnections, machine.maxOpenFiles)],
  }
}

function tooFewFiles(maxConnections: number, maxOpenFiles: number): string {
  const needed = maxConnections * FILES_PER_CONNECTION + OTHER_FILES
  return `--max-connections ${maxConnections} may need ${needed} open files, but ${maxOpenFiles} are allowed: raise the limit (ulimit -n)`
}
