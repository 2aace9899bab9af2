import type { ServerReadableStream } from '@grpc/grpc-js'
import type { StreamMetricsMessage__Output } from '#proto/envoy/service/metrics/v3/StreamMetricsMessage.js'
import type { StreamMetricsResponse } from '#proto/envoy/service/metrics/v3/StreamMetricsResponse.js'
import type { GrpcService } from '../xds/server.js'
import { ReportReader } from './report.js'

/**
 * The service that every Envoy reports its counters to, every two seconds over a stream of its own.
 *
 * @param onActive called with the key of each route that was in use since the report before
 * @param onRead called with the seconds that it took to read a report and to tell of the routes in it
 */
export function activityService(onActive: (routeKey: string) => void, onRead: (seconds: number) => void): GrpcService {
  const StreamMetrics = (call: ServerReadableStream<StreamMetricsMessage__Output, StreamMetricsResponse>) => {
    const reader = new ReportReader()
    call.on('data', ({ envoy_metrics }: StreamMetricsMessage__Output) => {
      const begun = performance.now()
      for (const key of reader.read(envoy_metrics)) onActive(key)
      onRead((performance.now() - begun) / 1000)
    })
    // Envoy has gone, or the control plane closes its server; Envoy opens another stream by itself.
    call.on('error', () => {})
  }
  return { name: 'envoy.service.metrics.v3.MetricsService', handlers: { StreamMetrics } }
}
