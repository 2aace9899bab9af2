import type { Limits } from '../../settings/limits.js'
import { typeUrl } from '../../xds/messages.js'

const HEAP = 'envoy.resource_monitors.fixed_heap'
const CONNECTIONS = 'envoy.resource_monitors.global_downstream_max_connections'

/** How often the heap is measured. Within this time a burst may exceed the limit. */
const REFRESH = '0.1s'

/** The shortest timeout of an idle connection when memory is nearly exhausted. */
const LEAST_IDLE_TIME = '2s'

/**
 * The shortest idle timeout of a request then, in per cent of its usual one. An unfinished request usually has a minute
 * at most, and then 12 s; all others have a year, and then months.
 */
const LEAST_STREAM_IDLE_SHARE = { value: 20 }

/** The shortest timeout then of an answer whose client doesn't read the rest of it. */
const LEAST_FLUSH_TIME = '300s'

/** Streams with less than 2^this bytes are not ended to free memory. */
const LEAST_STREAM_BITS = 16

/**
 * What Envoy does as its heap fills, part of its bootstrap. In this order: idle connections are closed sooner, the
 * streams with the most memory are ended, requests are refused with 503, and at last no connection is accepted.
 * Established websockets, and downloads with little memory, continue throughout.
 */
export function overloadManager({
  maxHeapBytes,
  maxConnections,
}: Pick<Limits, 'maxHeapBytes' | 'maxConnections'>): object {
  return {
    refresh_interval: REFRESH,
    resource_monitors: [
      {
        name: HEAP,
        typed_config: {
          '@type': typeUrl('envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig'),
          max_heap_size_bytes: maxHeapBytes,
        },
      },
      {
        name: CONNECTIONS,
        typed_config: {
          '@type': typeUrl('envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig'),
          max_active_downstream_connections: maxConnections,
        },
      },
    ],
    actions: [
      {
        name: 'envoy.overload_actions.reduce_timeouts',
        triggers: between(0.6, 0.75),
        typed_config: {
          '@type': typeUrl('envoy.config.overload.v3.ScaleTimersOverloadActionConfig'),
          timer_scale_factors: [
            { timer: 'HTTP_DOWNSTREAM_CONNECTION_IDLE', min_timeout: LEAST_IDLE_TIME },
            { timer: 'TRANSPORT_SOCKET_CONNECT', min_timeout: LEAST_IDLE_TIME },
            { timer: 'HTTP_DOWNSTREAM_STREAM_IDLE', min_scale: LEAST_STREAM_IDLE_SHARE },
            { timer: 'HTTP_DOWNSTREAM_STREAM_FLUSH', min_timeout: LEAST_FLUSH_TIME },
          ],
        },
      },
      { name: 'envoy.overload_actions.shrink_heap', triggers: at(0.75) },
      { name: 'envoy.overload_actions.disable_http_keepalive', triggers: at(0.8) },
      { name: 'envoy.overload_actions.reset_high_memory_stream', triggers: between(0.7, 0.85) },
      { name: 'envoy.overload_actions.stop_accepting_requests', triggers: at(0.85) },
    ],
    loadshed_points: [{ name: 'envoy.load_shed_points.tcp_listener_accept', triggers: at(0.95) }],
    buffer_factory_config: { minimum_account_to_track_power_of_two: LEAST_STREAM_BITS },
  }
}

/** @param value a share of the heap's limit */
function at(value: number): object[] {
  return [{ name: HEAP, threshold: { value } }]
}

/** Not at all below the first share of the heap's limit, fully above the second. */
function between(scaling_threshold: number, saturation_threshold: number): object[] {
  return [{ name: HEAP, scaled: { scaling_threshold, saturation_threshold } }]
}
