import type { Cluster } from '#proto/envoy/config/cluster/v3/Cluster.js'
import type { OpenTelemetryConfig } from '#proto/envoy/config/trace/v3/OpenTelemetryConfig.js'
import type { HttpConnectionManager } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpConnectionManager.js'
import type { TraceIdRatioBasedSamplerConfig } from '#proto/envoy/extensions/tracers/opentelemetry/samplers/v3/TraceIdRatioBasedSamplerConfig.js'
import type { TracingSettings } from '../../settings/tracing.js'
import { packAny } from '../../xds/messages.js'
import { targetCluster } from '../clusters/cluster.js'
import { NAME_KEYS } from '../clusters/route-metadata.js'
import type { TargetTls } from '../clusters/target-tls.js'
import { METADATA_NAMESPACE, OTLP_COLLECTOR } from '../names.js'

/** A collector that hangs keeps no more than this, and for no longer. */
const MAX_EXPORTS = 16
const EXPORT_TIMEOUT = { seconds: 2 }

const SERVICE = 'configurable-envoy-proxy'

/** The traces of a listener. */
export function tracing({ uri, sampling }: TracingSettings): NonNullable<HttpConnectionManager['tracing']> {
  const sampler = packAny('envoy.extensions.tracers.opentelemetry.samplers.v3.TraceIdRatioBasedSamplerConfig', {
    sampling_percentage: { numerator: sampling },
  } satisfies TraceIdRatioBasedSamplerConfig)
  const typed_config = packAny('envoy.config.trace.v3.OpenTelemetryConfig', {
    service_name: SERVICE,
    http_service: { http_uri: { uri, cluster: OTLP_COLLECTOR, timeout: EXPORT_TIMEOUT } },
    // A client can't decide that its requests are traced, as with a parent's flag.
    sampler: { name: 'envoy.tracers.opentelemetry.samplers.trace_id_ratio_based', typed_config: sampler },
  } satisfies OpenTelemetryConfig)
  return {
    provider: { name: 'envoy.tracers.opentelemetry', typed_config },
    // Envoy's tags have the URL with its query, which may have tokens: the route's name does.
    max_path_tag_length: { value: 0 },
    custom_tags: [
      ...Object.entries(NAME_KEYS).map(([tag, key]) => ofCluster(`jupyterhub.${tag}`, key)),
      ofCluster('grpc.path', NAME_KEYS.route),
    ],
  }
}

function ofCluster(tag: string, key: string) {
  return { tag, metadata: { kind: { cluster: {} }, metadata_key: { key: METADATA_NAMESPACE, path: [{ key }] } } }
}

/** The cluster of the collector. It is never waited for. */
export function collectorCluster({ collector }: TracingSettings, targetTls: TargetTls): Cluster & { name: string } {
  const limit = { value: MAX_EXPORTS }
  return {
    ...targetCluster(OTLP_COLLECTOR, collector, { targetTls }, []),
    wait_for_warm_on_init: { value: false },
    circuit_breakers: {
      thresholds: [{ max_connections: limit, max_pending_requests: limit, max_requests: limit }],
    },
  }
}
