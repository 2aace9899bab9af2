import { createHash } from 'node:crypto'
import type { MessageTypeDefinition } from '@grpc/proto-loader'
import type { Duration } from '#proto/google/protobuf/Duration.js'
import { PACKAGE_ROOT } from '../platform/package.js'
import { loadDefinitions } from './protobuf.js'

/** Everything that is encoded or decoded; what these import comes along. */
const FILES = [
  'envoy/service/discovery/v3/ads.proto',
  'envoy/config/cluster/v3/cluster.proto',
  'envoy/config/listener/v3/listener.proto',
  'envoy/config/route/v3/route.proto',
  'envoy/config/trace/v3/opentelemetry.proto',
  'envoy/extensions/access_loggers/filters/cel/v3/cel.proto',
  'envoy/extensions/access_loggers/filters/process_ratelimit/v3/process_ratelimit.proto',
  'envoy/extensions/access_loggers/file/v3/file.proto',
  'envoy/extensions/access_loggers/stats/v3/stats.proto',
  'envoy/extensions/access_loggers/stream/v3/stream.proto',
  'envoy/extensions/filters/http/bandwidth_limit/v3/bandwidth_limit.proto',
  'envoy/extensions/filters/http/buffer/v3/buffer.proto',
  'envoy/extensions/common/matching/v3/extension_matcher.proto',
  'envoy/extensions/filters/http/composite/v3/composite.proto',
  'envoy/extensions/filters/http/header_mutation/v3/header_mutation.proto',
  'envoy/extensions/filters/http/header_to_metadata/v3/header_to_metadata.proto',
  'envoy/extensions/filters/http/lua/v3/lua.proto',
  'envoy/extensions/filters/http/router/v3/router.proto',
  'envoy/extensions/filters/http/set_filter_state/v3/set_filter_state.proto',
  'envoy/extensions/filters/http/upstream_codec/v3/upstream_codec.proto',
  'envoy/extensions/filters/listener/http_inspector/v3/http_inspector.proto',
  'envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto',
  'envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation.proto',
  'envoy/extensions/http/header_formatters/preserve_case/v3/preserve_case.proto',
  'envoy/extensions/http/original_ip_detection/custom_header/v3/custom_header.proto',
  'envoy/extensions/request_id/uuid/v3/uuid.proto',
  'envoy/extensions/router/cluster_specifiers/lua/v3/lua.proto',
  'envoy/extensions/tracers/opentelemetry/samplers/v3/trace_id_ratio_based_sampler.proto',
  'envoy/extensions/transport_sockets/tls/v3/secret.proto',
  'envoy/extensions/transport_sockets/tls/v3/tls.proto',
  'envoy/extensions/upstreams/http/v3/http_protocol_options.proto',
  'envoy/service/metrics/v3/metrics_service.proto',
  'envoy/type/matcher/v3/http_inputs.proto',
  'envoy/type/v3/token_bucket.proto',
  'xds/type/matcher/v3/cel.proto',
]

/** The subset of Envoy's API under proto/, with field names as in Envoy's documentation. */
export const definitions = loadDefinitions(FILES, `${PACKAGE_ROOT}proto`)

/** The URL that names a message's type in a google.protobuf.Any. */
export function typeUrl(type: string): string {
  return `type.googleapis.com/${type}`
}

/**
 * Packs a message into a google.protobuf.Any. It is encoded at once, so that parts which many resources share are encoded
 * only once.
 */
export function packAny<T extends object>(type: string, message: T): { type_url: string; value: Buffer } {
  return { type_url: typeUrl(type), value: serialize(type, message) }
}

/** Encodes fields that many messages of a type have in common, for {@link encode}. */
export function encodeCommon(type: string, fields: object): Buffer {
  return serialize(type, fields)
}

/**
 * Encodes a message. The version is a hash of the content, so that equal messages have equal versions in every process: a
 * restarted control plane then has nothing to send.
 *
 * @param common the message's other fields, encoded; in Protobuf the fields of a message can be in any order
 */
export function encode(type: string, message: object, common?: Buffer): { bytes: Buffer; version: string } {
  const bytes = serialize(type, message)
  const hash = createHash('sha256')
  if (common !== undefined) hash.update(common)
  return { bytes, version: hash.update(bytes).digest('base64url').slice(0, 22) }
}

function serialize(type: string, message: object): Buffer {
  const definition = definitions[type] as MessageTypeDefinition<object, object> | undefined
  if (definition === undefined) throw new Error(`${type} is not in proto/`)
  return definition.serialize(message)
}

/** Milliseconds as a google.protobuf.Duration. */
export function duration(ms: number): Duration {
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 }
}
