import type { Cluster } from '#proto/envoy/config/cluster/v3/Cluster.js'
import type { OpenTelemetryConfig } from '#proto/envoy/config/trace/v3/OpenTelemetryConfig.js'
import type { HttpConnectionManager } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpConnectionManager.js'
import type { TraceIdRatioBasedSamplerConfig } from '#proto/envoy/extensions/tracers/opentelemetry/samplers/v3/TraceIdRatioBasedSamplerConfig.js'
import type { HttpProtocolOptions } from '#proto/envoy/extensions/upstreams/http/v3/HttpProtocolOptions.js'
import type { TracingSettings } from '../../settings/tracing.js'
import { packAny } from '../../xds/messages.js'
import { targetCluster } from '../clusters/cluster.js'
import { NAME_KEYS } from '../clusters/route-metadata.js'
import type { ClientTls, TargetTls } from '../clusters/target-tls.js'
import { clientTransport } from '../clusters/target-tls.js'
import { METADATA_NAMESPACE, OTLP_COLLECTOR, SECRET } from '../names.js'

/** A collector that hangs keeps no more than this, and for no longer. */
const MAX_EXPORTS = 16
const EXPORT_TIMEOUT = { seconds: 2 }

const SERVICE = 'configurable-envoy-proxy'

/** The traces of a listener. */
export function tracing({
  uri,
  sampling,
}: Pick<TracingSettings, 'uri' | 'sampling'>): NonNullable<HttpConnectionManager['tracing']> {
  const sampler = packAny('envoy.extensions.tracers.opentelemetry.samplers.v3.TraceIdRatioBasedSamplerConfig', {
    sampling_percentage: { numerator: sampling },
  } satisfies TraceIdRatioBasedSamplerConfig)
  const typed_config = packAny('envoy.config.trace.v3.OpenTelemetryConfig', {
    service_name: SERVICE,
    ...(uri === undefined
      ? { grpc_service: { envoy_grpc: { cluster_name: OTLP_COLLECTOR }, timeout: EXPORT_TIMEOUT } }
      : { http_service: { http_uri: { uri, cluster: OTLP_COLLECTOR, timeout: EXPORT_TIMEOUT } } }),
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

/** The settings of https targets don't apply to the collector. */
const NO_TLS: TargetTls = { showCertificate: false, verify: false }

const HTTP2 = {
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': packAny(
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
    { explicit_http_config: { http2_protocol_options: {} } } satisfies HttpProtocolOptions,
  ),
}

/** The cluster of the collector. It is never waited for. */
export function collectorCluster({
  collector,
  uri,
}: Pick<TracingSettings, 'collector' | 'uri'>): Cluster & { name: string } {
  const limit = { value: MAX_EXPORTS }
  const isGrpc = uri === undefined
  const host = 'host' in collector.address ? collector.address.host : ''
  const tls: ClientTls = { authorities: SECRET.collectorAuthorities, protocol: isGrpc ? 'h2' : 'http/1.1' }
  return {
    ...targetCluster(OTLP_COLLECTOR, collector, { targetTls: NO_TLS }, []),
    ...(collector.tls ? { transport_socket: clientTransport(host, tls) } : {}),
    ...(isGrpc ? { typed_extension_protocol_options: HTTP2 } : {}),
    wait_for_warm_on_init: { value: false },
    circuit_breakers: {
      thresholds: [{ max_connections: limit, max_pending_requests: limit, max_requests: limit }],
    },
  }
}
