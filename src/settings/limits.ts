import type { Machine } from './machine.js'
import type { OptionSpec, OptionValues } from './option.js'
import { wholeNumber } from './option.js'

/** How much load the proxy accepts. */
export const LIMIT_OPTIONS = [
  {
    flags: '--max-connections <n>',
    description: 'Maximum number of client connections; further ones are closed',
    defaultDescription: 'one for each 64 KiB of --max-heap, at least 10000, or what the limit of open files allows',
    number: wholeNumber('The number of connections', 1, 10_000_000),
  },
  {
    flags: '--max-requests-per-route <n>',
    description:
      'Maximum number of requests and websockets in flight to one route, and of uploads; further ones are answered 503',
    default: 2000,
    number: wholeNumber('The number of requests', 1, 10_000_000),
  },
  {
    flags: '--max-heap <MiB>',
    description: "Maximum size of Envoy's heap; load is refused before it is reached",
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

/** How much load is accepted before some of it is refused. docs/limits.md has the reasons for the defaults. */
export interface Limits {
  /** The size in bytes that Envoy's heap must not reach; requests are refused from 85 % of it. */
  readonly maxHeapBytes: number
  /** Client connections in all; further ones are closed. */
  readonly maxConnections: number
  /** Requests in flight to one route, websockets included; uploads count apart. Further ones are answered 503. */
  readonly maxRequestsPerRoute: number
  /** How long a client may take to send a request, in milliseconds; 0 for no limit. */
  readonly requestTimeoutMs: number
  /** What the operator should know about them. */
  readonly warnings: readonly string[]
}

const MIB = 1024 * 1024

/** The rest is for Node.js (up to 150 MB), Envoy's code and stacks (70 MB), and the kernel's socket buffers. */
const HEAP_SHARE_OF_CONTAINER = 0.6
/** A whole machine also runs other programs. */
const HEAP_SHARE_OF_MACHINE = 0.25

/** As many as fit into a container of 1 GiB, whatever they do: a websocket takes 50 kB of the heap, an idle connection 16. */
const LEAST_DEFAULT_CONNECTIONS = 10_000
const HEAP_PER_CONNECTION = 64 * 1024

/** A websocket is a connection to the client and one to the backend. */
const FILES_PER_CONNECTION = 2
/** Files that Envoy has open for other purposes: its listener, the control plane, logs, event loops. */
const OTHER_FILES = 200

export function readLimits(values: LimitOptions, machine: Machine): Limits {
  const share = machine.isMemoryOurs ? HEAP_SHARE_OF_CONTAINER : HEAP_SHARE_OF_MACHINE
  const maxHeapBytes = values.maxHeap === undefined ? Math.floor(machine.memory * share) : values.maxHeap * MIB
  const most = Math.max(1, Math.floor((machine.maxOpenFiles - OTHER_FILES) / FILES_PER_CONNECTION))
  // A browser has up to seven connections over HTTP/1.1, so a fixed number would be too small for the users of a large machine.
  const fitting = Math.max(LEAST_DEFAULT_CONNECTIONS, Math.floor(maxHeapBytes / HEAP_PER_CONNECTION))
  const maxConnections = values.maxConnections ?? Math.min(fitting, most)
  return {
    maxHeapBytes,
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
