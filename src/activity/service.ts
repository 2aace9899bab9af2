import type { ServerReadableStream } from '@grpc/grpc-js'
import type { StreamMetricsMessage__Output } from '#proto/envoy/service/metrics/v3/StreamMetricsMessage.js'
import type { StreamMetricsResponse } from '#proto/envoy/service/metrics/v3/StreamMetricsResponse.js'
import type { MetricFamily__Output } from '#proto/io/prometheus/client/MetricFamily.js'
import type { GrpcService } from '../xds/server.js'
import { ReportReader } from './report.js'

/** Who is told what stands in a report. */
export interface ReportListeners {
  /** Called with the key of each route that was in use since the report before. */
  readonly onActive: (routeKey: string) => void
  /** Called with the key of each route whose target could not be reached by some request since then. */
  readonly onUnreachable: (routeKey: string) => void
  /** Called with the seconds that it took to read a report and to tell of the routes in it. */
  readonly onRead: (seconds: number) => void
  /** Called with all that was counted since the report before. */
  readonly onReport: (report: readonly MetricFamily__Output[]) => void
}

/** The service that every Envoy reports its counters to, every two seconds over a stream of its own. */
export function activityService({ onActive, onUnreachable, onRead, onReport }: ReportListeners): GrpcService {
  const StreamMetrics = (call: ServerReadableStream<StreamMetricsMessage__Output, StreamMetricsResponse>) => {
    const reader = new ReportReader()
    call.on('data', ({ envoy_metrics }: StreamMetricsMessage__Output) => {
      const begun = performance.now()
      const { active, unreachable } = reader.read(envoy_metrics)
      for (const key of active) onActive(key)
      for (const key of unreachable) onUnreachable(key)
      onRead((performance.now() - begun) / 1000)
      onReport(envoy_metrics)
    })
    // Envoy has gone, or the control plane closes its server; Envoy opens another stream by itself.
    call.on('error', () => {})
  }
  return { name: 'envoy.service.metrics.v3.MetricsService', handlers: { StreamMetrics } }
}
