import { uploadCapacity, waitingCapacity } from '../resources/listeners/places.js'
import type { Settings } from '../settings/settings.js'
import type { LastReport } from './envoy-reports.js'
import type { LimitFill } from './snapshot.js'

/** How many connections a server of Node.js has, and may have. */
export interface ServerConnections {
  readonly limit: 'api_connections' | 'metrics_connections' | 'xds_connections'
  readonly used: number
  readonly max: number
}

/** How full every limit is. */
export function limitFills(
  { limits, external }: Pick<Settings, 'limits' | 'external'>,
  reports: ReadonlyMap<string, LastReport>,
  servers: readonly ServerConnections[],
): LimitFill[] {
  const own = external === undefined
  return [
    ...[...reports].flatMap(([envoy, report]): LimitFill[] => [
      {
        ...{ limit: 'connections', envoy, used: report.connections },
        ...against(report.connections, own ? limits.maxConnections : undefined, report.pressure.connections),
      },
      {
        ...{ limit: 'heap', envoy, used: report.heapBytes },
        ...against(report.heapBytes, own ? limits.maxHeapBytes : undefined, report.pressure.heap),
      },
      {
        ...{ limit: 'requests_per_route', envoy, used: report.fullestRoute },
        ...against(report.fullestRoute, limits.maxRequestsPerRoute, 0),
      },
      {
        ...{ limit: 'waiting_requests', envoy, used: report.unfinished.waitingBytes },
        ...against(report.unfinished.waitingBytes, waitingCapacity(limits), 0),
      },
      {
        ...{ limit: 'uploads', envoy, used: report.unfinished.uploads },
        ...against(report.unfinished.uploads, uploadCapacity(limits), 0),
      },
    ]),
    ...servers.map(({ limit, used, max }) => ({ limit, used, max, ratio: used / max })),
  ]
}

/**
 * Envoy's own percentage decides when it refuses load. It is a little higher than what its counters say, since it
 * includes memory that it keeps for reuse; they are finer.
 */
function against(used: number, max: number | undefined, percent: number): Pick<LimitFill, 'max' | 'ratio'> {
  return { max, ratio: Math.max(percent / 100, max === undefined ? 0 : used / max) }
}
