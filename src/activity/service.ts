import type { ServerReadableStream } from '@grpc/grpc-js'
import type { StreamMetricsMessage__Output } from '#proto/envoy/service/metrics/v3/StreamMetricsMessage.js'
import type { StreamMetricsResponse } from '#proto/envoy/service/metrics/v3/StreamMetricsResponse.js'
import type { MetricFamily__Output } from '#proto/io/prometheus/client/MetricFamily.js'
import type { GrpcService } from '../xds/server.js'
import { ReportReader } from './report.js'

/** Callbacks for the content of a report. */
export interface ReportListeners {
  /** Called with the keys of the routes in use since the previous report. */
  readonly onActive: (routeKeys: ReadonlySet<string>) => void
  /** Called with the key of each route whose target some request could not reach since then. */
  readonly onUnreachable: (routeKey: string) => void
  /** Called with the seconds that reading a report took, with the calls for its routes. */
  readonly onRead: (seconds: number) => void
  /**
   * Called with everything that an Envoy has counted since its previous report, and its gauges.
   *
   * @param envoy its node id
   */
  readonly onReport: (envoy: string, report: readonly MetricFamily__Output[]) => void
}

/** The service to which every Envoy reports its counters, every two seconds over a stream of its own. */
export function activityService({ onActive, onUnreachable, onRead, onReport }: ReportListeners): GrpcService {
  const StreamMetrics = (call: ServerReadableStream<StreamMetricsMessage__Output, StreamMetricsResponse>) => {
    const reader = new ReportReader()
    let envoy = ''
    call.on('data', ({ identifier, envoy_metrics }: StreamMetricsMessage__Output) => {
      // Only the first message of a stream has it.
      envoy = identifier?.node?.id ?? envoy
      const begun = performance.now()
      const { active, unreachable } = reader.read(envoy_metrics)
      onActive(active)
      for (const key of unreachable) onUnreachable(key)
      onRead((performance.now() - begun) / 1000)
      onReport(envoy, envoy_metrics)
    })
    // Envoy is gone, or the control plane closes its server. Envoy opens another stream by itself.
    call.on('error', () => {})
  }
  return { name: 'envoy.service.metrics.v3.MetricsService', handlers: { StreamMetrics } }
}
