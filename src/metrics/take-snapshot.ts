import { getHeapStatistics } from 'node:v8'
import type { Settings } from '../settings/settings.js'
import { certificatesInUse } from './certificates.js'
import type { Distribution } from './distribution.js'
import type { LastReport } from './envoy-reports.js'
import type { ServerConnections } from './limits.js'
import { limitFills } from './limits.js'
import type { Observations } from './observations.js'
import type { RequestSums } from './request-sums.js'
import type { ConnectedEnvoy, HostNameFigures, MemoryFigures, OpenNow, Recent, Snapshot } from './snapshot.js'
import { storeFiles } from './store-files.js'

/** Where a {@link Snapshot} gets what others know. */
export interface SnapshotSources {
  readonly settings: Pick<Settings, 'metrics' | 'limits' | 'tls' | 'api' | 'external' | 'tracing'>
  readonly observations: Observations
  readonly routes: () => Snapshot['routes']
  /** Envoys with a stream; {@link Snapshot.envoys} adds their reports. */
  readonly envoys: () => readonly ConnectedEnvoy[]
  readonly names: () => Omit<HostNameFigures, 'failures'>
  readonly servers: () => readonly ServerConnections[]
  /** Undefined if there are no other control planes. */
  readonly fleet: () => Snapshot['fleet']
  /** Where the store has its files. */
  readonly storeDirectory: string | undefined
}

/** All figures of now. Costs well under a millisecond, whatever the number of routes, and asks no Envoy. */
export async function takeSnapshot(sources: SnapshotSources): Promise<Snapshot> {
  const { settings, observations } = sources
  const { reports, failures, writes, changes } = observations
  const { totals, all } = reports
  const isCounted = settings.metrics !== undefined
  return {
    at: new Date(),
    since: reports.since,
    traffic: totals.traffic(isCounted),
    recent: recentOf(reports.recent()),
    failed: failures.byKind,
    closed: failures.byLimit,
    shed: shedByReason(failures, totals),
    latency: { ...latencyOf(totals), lookup: inSeconds(totals.lookup, 1e6) },
    open: openNow(all),
    limits: limitFills(settings, all, sources.servers()),
    envoys: sources.envoys().map((envoy) => ({ ...envoy, report: all.get(envoy.id) })),
    certificates: certificatesInUse(settings),
    routes: sources.routes(),
    names: { ...sources.names(), failures: observations.failedQueries },
    store: { ...writes, ...(await storeFiles(sources.storeDirectory)) },
    changes,
    delivery: { rejections: observations.rejections, cutOff: observations.cutOff },
    memory: memoryNow(),
    fleet: sources.fleet(),
  }
}

/**
 * What was refused or ended at a limit, by reason: requests (`route_full`, `heap_full`, `unfinished_full`), connections
 * before their first request (`connections_full`, `connections_heap`), and requests that had the most memory when it ran
 * out (`stream_memory`).
 */
export function shedByReason(
  { byKind, byLimit }: Pick<Observations['failures'], 'byKind' | 'byLimit'>,
  { endedForMemory }: Pick<RequestSums, 'endedForMemory'>,
): ReadonlyMap<string, number> {
  const requests = (['route_full', 'heap_full', 'unfinished_full'] as const).map((kind): [string, number] => [
    kind,
    byKind.get(kind) ?? 0,
  ])
  return new Map<string, number>([
    ...requests,
    ['connections_full', byLimit.get('connections') ?? 0],
    ['connections_heap', byLimit.get('heap') ?? 0],
    ['stream_memory', endedForMemory],
  ])
}

function recentOf({ seconds, sums }: { readonly seconds: number; readonly sums: RequestSums }): Recent {
  const { byClass, failed, bytes } = sums
  return { seconds, byClass, failed, bytes, latency: latencyOf(sums) }
}

function latencyOf({ whole, upstream }: RequestSums): Recent['latency'] {
  return { whole: inSeconds(whole, 1e3), upstream: inSeconds(upstream, 1e3) }
}

/** @param unit how many of the distribution's units are a second */
function inSeconds({ bounds, atMost, count, sum }: Distribution, unit: number): Distribution {
  return { bounds: bounds.map((bound) => bound / unit), atMost, count, sum: sum / unit }
}

function openNow(reports: ReadonlyMap<string, LastReport>): OpenNow {
  const sum = (key: keyof OpenNow) => [...reports.values()].reduce((all, { open }) => all + open[key], 0)
  return { connections: sum('connections'), requests: sum('requests'), websockets: sum('websockets') }
}

function memoryNow(): MemoryFigures {
  const { used_heap_size: heapUsed, heap_size_limit: heapMax } = getHeapStatistics()
  return { heapUsed, heapMax, resident: process.memoryUsage.rss() }
}
