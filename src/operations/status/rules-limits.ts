import type { LimitFill } from '../../metrics/snapshot.js'
import type { StatusFacts } from './facts.js'
import type { Finding, Level } from './finding.js'

interface Step {
  /** Applies from this share of the limit on. */
  readonly from: number
  readonly level: Exclude<Level, 'green'>
  readonly what: string
}

interface LimitRule {
  /** The worst first. */
  readonly steps: readonly Step[]
  readonly remedy: string
}

const MORE_MEMORY = 'Give the proxy more memory (--max-heap), or look for a user with very many connections.'
const UNFINISHED_REMEDY =
  'Look for a client that begins many requests and does not end them, and limit it in front of the proxy; or raise --max-heap.'
const SERVER_REMEDY = 'Look for a client that opens many connections there and does not close them.'

/** docs/limits.md says what happens at each step. */
const LIMIT_RULES: Readonly<Record<string, LimitRule>> = {
  heap: {
    steps: [
      { from: 0.85, level: 'red', what: "Envoy's memory is full: requests are answered 503." },
      { from: 0.7, level: 'amber', what: "Envoy's memory is nearly full: from 85 % on requests are refused." },
    ],
    remedy: MORE_MEMORY,
  },
  connections: {
    steps: [
      { from: 0.98, level: 'red', what: 'All connections are taken: new users are turned away.' },
      { from: 0.8, level: 'amber', what: 'Few connections are left for new users.' },
    ],
    remedy: 'Raise --max-connections and the limit of open files, or look for a client that opens very many.',
  },
  requests_per_route: {
    steps: [
      { from: 0.98, level: 'amber', what: 'A route has as many requests in flight as it may: its users get 503.' },
      { from: 0.8, level: 'amber', what: 'A route has nearly as many requests in flight as it may.' },
    ],
    remedy: 'Find it among the requests that failed last, and restart its server; or raise --max-requests-per-route.',
  },
  waiting_requests: {
    steps: [{ from: 0.8, level: 'amber', what: 'Requests that wait for their bodies use much memory.' }],
    remedy: UNFINISHED_REMEDY,
  },
  uploads: {
    steps: [{ from: 0.8, level: 'amber', what: 'Envoy has many uploads under way.' }],
    remedy: UNFINISHED_REMEDY,
  },
  api_connections: {
    steps: [{ from: 0.9, level: 'amber', what: 'The REST API has nearly as many connections as it may.' }],
    remedy: SERVER_REMEDY,
  },
  xds_connections: {
    steps: [{ from: 0.9, level: 'amber', what: 'The server for Envoys has nearly as many connections as it may.' }],
    remedy: SERVER_REMEDY,
  },
}

/** Below this, the control plane collects garbage without end. */
const HEAP_SHARE = 0.85

const MIB = 1024 * 1024
/** So little that the next write of the store may fail, or one soon will. */
const NO_SPACE = 4 * MIB
const LITTLE_SPACE = 100 * MIB

/** Which limits are reached, or near. */
export function limitRules(facts: StatusFacts): readonly Finding[] {
  return [...facts.snapshot.limits.flatMap(limitFinding), ...diskSpace(facts), ...controlPlaneHeap(facts)]
}

function limitFinding({ limit, ratio, envoy }: LimitFill): readonly Finding[] {
  const rule = LIMIT_RULES[limit]
  const step = rule?.steps.find(({ from }) => ratio >= from)
  if (rule === undefined || step === undefined) return []
  const whose = envoy === undefined ? '' : ` (Envoy ${envoy})`
  const what = step.what.replace(/\.$/, `${whose}.`)
  return [{ code: `limit_${limit}`, level: step.level, what, remedy: rule.remedy }]
}

function diskSpace({ snapshot: { store }, unstoredSince }: StatusFacts): readonly Finding[] {
  const { freeBytes } = store
  const isFull = freeBytes !== undefined && freeBytes < NO_SPACE
  if (isFull || unstoredSince !== undefined) {
    const why = isFull ? 'the disk of the state directory is full' : 'writing fails'
    const what = `Changes of routes can't be stored, since ${why}: the hub gets 507, and new servers are not reachable.`
    return [
      {
        code: 'store',
        level: 'red',
        what,
        remedy: 'Make room on the disk that holds --state-dir. Routes that exist keep working.',
      },
    ]
  }
  if (freeBytes === undefined || freeBytes >= LITTLE_SPACE) return []
  const what = `Only ${Math.floor(freeBytes / MIB)} MiB are free on the disk of the state directory.`
  return [{ code: 'disk', level: 'amber', what, remedy: 'Make room: on a full disk no route can be added.' }]
}

function controlPlaneHeap({ snapshot: { memory } }: StatusFacts): readonly Finding[] {
  if (memory.heapUsed < HEAP_SHARE * memory.heapMax) return []
  return [
    {
      code: 'control_plane_heap',
      level: 'amber',
      what: "The control plane's memory is nearly full.",
      remedy:
        'Restart it when it suits: Envoy keeps serving meanwhile. With very many routes raise NODE_OPTIONS=--max-old-space-size.',
    },
  ]
}
