import type { ServerReadableStream } from '@grpc/grpc-js'
import type { StreamMetricsMessage__Output } from '#proto/envoy/service/metrics/v3/StreamMetricsMessage.js'
import type { StreamMetricsResponse } from '#proto/envoy/service/metrics/v3/StreamMetricsResponse.js'
import type { GrpcService } from '../xds/server.js'
import { ReportReader } from './report.js'

/**
 * The service that every Envoy reports its counters to, every two seconds over a stream of its own.
 *
 * @param onActive called with the key of each route that was in use since the report before
 */
export function activityService(onActive: (routeKey: string) => void): GrpcService {
  const StreamMetrics = (call: ServerReadableStream<StreamMetricsMessage__Output, StreamMetricsResponse>) => {
    const reader = new ReportReader()
    call.on('data', ({ envoy_metrics }: StreamMetricsMessage__Output) => {
      for (const key of reader.read(envoy_metrics)) onActive(key)
    })
    // Envoy has gone, or the control plane closes its server; Envoy opens another stream by itself.
    call.on('error', () => {})
  }
  return { name: 'envoy.service.metrics.v3.MetricsService', handlers: { StreamMetrics } }
}
