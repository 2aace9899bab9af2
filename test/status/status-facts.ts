import type { Distribution } from '../../src/metrics/distribution.js'
import type { Snapshot } from '../../src/metrics/snapshot.js'
import type { RecentEvent } from '../../src/operations/recent/events.js'
import type { RouteFailure, StatusFacts } from '../../src/operations/status/facts.js'

export const NOW = new Date('2026-11-26T21:00:00Z')

/** That many seconds before {@link NOW}. */
export function before(seconds: number): Date {
  return new Date(NOW.getTime() - seconds * 1000)
}

/** Half of the values are at most a hundredth of a second, and nearly all at most a tenth. */
function distribution(count: number): Distribution {
  return { bounds: [0.01, 0.1, 1], atMost: [count / 2, count * 0.995, count], count, sum: count / 50 }
}

const MIB = 1024 * 1024

/** A proxy with some users, and nothing wrong. */
export const SOUND: Snapshot = {
  at: NOW,
  since: before(3 * 86_400),
  traffic: {
    web: 480_000,
    websockets: 2_300,
    byStatus: undefined,
    byClass: new Map([['2', 470_000]]),
    retries: undefined,
    bytes: { received: 4_000_000, sent: 90_000_000 },
  },
  recent: {
    seconds: 300,
    byClass: new Map([
      ['2', 11_200],
      ['3', 600],
      ['4', 140],
      ['5', 3],
    ]),
    failed: 2,
    bytes: { received: 12_000_000, sent: 410_000_000 },
    latency: { whole: distribution(12_000), upstream: distribution(12_000) },
  },
  failed: new Map(),
  closed: new Map(),
  shed: new Map(),
  latency: { whole: distribution(480_000), upstream: distribution(480_000), lookup: distribution(480_000) },
  open: { connections: 412, requests: 305, websockets: 287 },
  limits: [
    { limit: 'heap', envoy: 'proxy-0', used: 214 * MIB, max: 614 * MIB, ratio: 214 / 614 },
    { limit: 'connections', envoy: 'proxy-0', used: 412, max: 10_000, ratio: 0.0412 },
    { limit: 'requests_per_route', used: 38, max: 2_000, ratio: 0.019 },
    { limit: 'api_connections', used: 3, max: 2_000, ratio: 0.0015 },
  ],
  envoys: [
    {
      id: 'proxy-0',
      version: '1.40.0',
      since: before(3 * 86_400),
      pending: 0,
      rejected: 0,
      report: {
        at: before(1),
        uptimeSeconds: 3 * 86_400,
        open: { connections: 412, requests: 305, websockets: 287 },
        heapBytes: 214 * MIB,
        physicalBytes: 268 * MIB,
      },
    },
  ],
  certificates: [
    { option: '--ssl-cert', path: '/etc/letsencrypt/live/hub/fullchain.pem', expires: before(-61.5 * 86_400) },
  ],
  routes: { total: 289, rejected: 0 },
  names: { used: 0, unresolved: 0, failures: 0 },
  store: { writes: distribution(900), failures: 0, bytes: 3 * MIB, freeBytes: 21_000 * MIB },
  changes: { added: distribution(900), removed: distribution(611), failures: 0 },
  delivery: { rejections: 0, cutOff: 0 },
  fleet: undefined,
  memory: { heapUsed: 46 * MIB, heapMax: 2_096 * MIB, resident: 118 * MIB },
}

/** The same as all that the status is made from, but for what a test is about. */
export function factsOf(snapshot: Partial<Snapshot> = {}, more: Partial<StatusFacts> = {}): StatusFacts {
  return {
    snapshot: { ...SOUND, ...snapshot },
    version: '1.2.3',
    isEmbedded: true,
    refusals: new Map(),
    hasDefaultRoute: true,
    failures: [],
    events: [],
    unstoredSince: undefined,
    ...more,
  }
}

/** Requests to Bob's server that failed just now, but for what a test is about. */
export function failure(more: Partial<RouteFailure> = {}): RouteFailure {
  return {
    ...{ routespec: '/user/bob', target: 'http://10.0.0.9:8888', code: 'connection_refused', count: 12 },
    ...{ first: before(80), last: before(5), ...more },
  }
}

export function event(kind: RecentEvent['kind'], more: Partial<RecentEvent> = {}): RecentEvent {
  return { kind, subject: '', at: before(90), count: 1, reason: 'by signal 9', isOver: false, ...more }
}
