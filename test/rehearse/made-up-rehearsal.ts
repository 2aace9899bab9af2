import { Histogram } from '../../src/rehearse/histogram.js'
import type {
  IncidentRecord,
  ProcessRecord,
  ProcessRole,
  Rehearsal,
  Second,
  UserRecord,
} from '../../src/rehearse/record.js'

const MIB = 1024 * 1024

export function histogramOf(...times: readonly number[]): readonly number[] {
  const histogram = new Histogram()
  for (const time of times) histogram.record(time)
  return histogram.sparse()
}

/** A second in which all was well. */
export function second(at: number, more: Partial<Second> = {}): Second {
  return {
    ...{ at, requests: 100, failures: {}, excused: 0, latency: histogramOf(4, 8, 12), messages: 10 },
    ...{ messageLatency: histogramOf(2), activeUsers: 10, websocketsOpen: 10, connections: 20, websocketsBroken: 0 },
    ...{ bytesReceived: 50_000, bytesSent: 5_000, latenessMs: 1 },
    ...more,
  }
}

export function user(name: string, more: Partial<UserRecord> = {}): UserRecord {
  return {
    ...{
      name,
      arrivedMs: 0,
      readyAfterMs: 2_000,
      leftMs: undefined,
      requests: 1_000,
      failures: 0,
      excused: 0,
      websocketsBroken: 0,
    },
    ...{ gaps: 0, longestGapMs: 0, totalGapMs: 0, kernelGaps: 0, longestKernelGapMs: 0 },
    ...more,
  }
}

export function incident(name: string, from: number, to: number, more: Partial<IncidentRecord> = {}): IncidentRecord {
  return { name, fromMs: from * 1000, toMs: to * 1000, deeds: [], applicable: true, failed: undefined, ...more }
}

export interface MadeUpProcess {
  readonly role?: ProcessRole
  readonly pid?: number
  readonly from?: number
  readonly to?: number
  /** Processors that are busy, memory in MiB and sockets, by the second. */
  readonly cpus?: (second: number) => number
  readonly mib?: (second: number) => number
  readonly sockets?: (second: number) => number
}

export function madeUpProcess(made: MadeUpProcess = {}): ProcessRecord {
  const { role = 'proxy', pid = 100, from = 0, to = 120 } = made
  const { cpus = () => 0.5, mib = () => 100, sockets = () => 50 } = made
  let cpuMs = 0
  const samples = Array.from({ length: to - from + 1 }, (_, index) => {
    const at = from + index
    cpuMs += index === 0 ? 0 : cpus(at) * 1000
    const rssBytes = mib(at) * MIB
    return { atMs: at * 1000, cpuMs, rssBytes, pssBytes: rssBytes, sockets: sockets(at), files: 80, threads: 8 }
  })
  return { pid, role, command: role, samples }
}

/** Two minutes of ten users, in which nothing went wrong. */
export function madeUpRehearsal(more: Partial<Rehearsal> = {}): Rehearsal {
  const incidents = more.incidents ?? []
  return {
    tool: { name: 'configurable-envoy-proxy', version: '0.1.0' },
    started: '2026-03-05T16:05:00.000Z',
    ...{ durationMs: 120_000, ended: 'complete' },
    options: {
      ...{ mode: 'proxy-only', users: 10, profile: 'lecture', rampMs: 20_000, forMs: 120_000, seed: 1 },
      incidents: incidents.map(({ name }) => name),
    },
    proxy: {
      ...{ kind: 'chp', name: 'configurable-http-proxy', version: '5.3.0', publicUrl: 'http://127.0.0.1:8000' },
      ...{ apiUrl: 'http://127.0.0.1:8001', command: ['configurable-http-proxy', '--port', '8000'] },
    },
    machine: { cpus: 2, memoryBytes: 8 * 1024 * MIB, os: 'Linux 6.1', node: '20.19.0' },
    seconds: Array.from({ length: 120 }, (_, at) => second(at)),
    acts: [
      { act: 'poll', count: 9_000, failed: 0, latency: histogramOf(4, 5) },
      { act: 'save', count: 3_000, failed: 0, latency: histogramOf(12, 20) },
    ],
    failures: [],
    users: Array.from({ length: 10 }, (_, index) => user(`rehearsal-${index}`)),
    incidents,
    processes: [madeUpProcess()],
    table: { wanted: 11, missing: 0, stale: 0 },
    generator: {
      ...{ cpuMs: 20_000, maxRssBytes: 200 * MIB, lateness: histogramOf(1), latenessP99Ms: 1, busiestThread: 0.4 },
      limits: [],
    },
    ...more,
  }
}
