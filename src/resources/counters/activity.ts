import type { AccessLog } from '#proto/envoy/config/accesslog/v3/AccessLog.js'
import type { AccessLogFilter } from '#proto/envoy/config/accesslog/v3/AccessLogFilter.js'
import type { Config } from '#proto/envoy/extensions/access_loggers/stats/v3/Config.js'
import type { HttpConnectionManager } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpConnectionManager.js'
import { packAny, typeUrl } from '../../xds/messages.js'
import { ACTIVITY, CONTROL_PLANE, ROUTES_STATISTICS } from '../names.js'
import { allOf, lastsAtLeast, lastsAtMost, oneOf, statusAtLeast, statusAtMost } from '../shared/access-log-filters.js'

/** How often Envoy counts the bytes of open streams, and how often it reports; the sum is the delay. */
const COUNT_SECONDS = 2
const REPORT_SECONDS = 2

/** A counter that has not advanced for one to two of these periods is freed. A multiple of the time between reports. */
const FORGET_SECONDS = 6

const ROUTE_TAG = { name: ACTIVITY.labels.route, value_format: '%UPSTREAM_CLUSTER_RAW%' }

/** Unique among the streams of an Envoy, also if several share a connection. */
const STREAM_TAG = { name: ACTIVITY.labels.stream, value_format: '%CONNECTION_ID%-%START_TIME(%s%6f)%' }
const BYTES_TAG = { name: ACTIVITY.labels.bytes, value_format: '%BYTES_RECEIVED%' }

const ENDED: AccessLogFilter = { log_type_filter: { types: ['DownstreamEnd'] } }
const OPEN: AccessLogFilter = { log_type_filter: { types: ['DownstreamPeriodic'] } }
/** The connection failed, or there was no address to connect to. */
const UNREACHABLE: AccessLogFilter = { response_flag_filter: { flags: ['UF', 'UH'] } }
const SHORT_MS = COUNT_SECONDS * 1000 - 1

/**
 * Counts what CHP regards as activity, in counters that exist only while a route is in use:
 *
 * - `answered`: a route's completed responses below 300, without upgrades to websockets (101).
 * - `body`: the bytes of a route's short requests that `answered` doesn't count. Each counter costs 3 % of a request.
 * - `stream`: for each long request or websocket, a counter named by the bytes that its client has sent so far. A new
 *   name means activity; the value only shows that the stream is still open.
 *
 * Also `unreachable`: a route's requests that could not connect to its target, whose name may have new addresses.
 */
export function activityCounters(): AccessLog[] {
  return [
    counter(
      ACTIVITY.counters.answered,
      [ROUTE_TAG],
      { value_fixed: { value: 1 } },
      allOf(ENDED, statusAtLeast(200), statusAtMost(299)),
    ),
    counter(
      ACTIVITY.counters.body,
      [ROUTE_TAG],
      { value_format: '%BYTES_RECEIVED%' },
      allOf(oneOf([statusAtMost(199), statusAtLeast(300)]), ENDED, lastsAtMost(SHORT_MS)),
    ),
    counter(
      ACTIVITY.counters.stream,
      [STREAM_TAG, BYTES_TAG, ROUTE_TAG],
      { value_fixed: { value: 1 } },
      oneOf([OPEN, lastsAtLeast(SHORT_MS + 1)]),
    ),
    counter(ACTIVITY.counters.unreachable, [ROUTE_TAG], { value_fixed: { value: 1 } }, allOf(UNREACHABLE, ENDED)),
  ]
}

/** Counts open streams too. */
export const ACTIVITY_LOG_OPTIONS: NonNullable<HttpConnectionManager['access_log_options']> = {
  access_log_flush_interval: { seconds: COUNT_SECONDS },
}

/** The part of Envoy's bootstrap, as JSON, that reports these counters to the control plane. */
export function activityReports(): object {
  return {
    stats_flush_interval: `${REPORT_SECONDS}s`,
    stats_eviction_interval: `${FORGET_SECONDS}s`,
    stats_sinks: [
      {
        name: 'envoy.stat_sinks.metrics_service',
        typed_config: {
          '@type': typeUrl('envoy.config.metrics.v3.MetricsServiceConfig'),
          transport_api_version: 'V3',
          grpc_service: { envoy_grpc: { cluster_name: CONTROL_PLANE } },
          report_counters_as_deltas: true,
          emit_tags_as_labels: true,
        },
      },
    ],
    // Routes' clusters have no other statistics: each report would include those of all clusters, used or not. With the
    // dot the prefix is a whole part of a name, which Envoy compares without making the name.
    stats_config: { stats_matcher: { exclusion_list: { patterns: [{ prefix: `cluster.${ROUTES_STATISTICS}.` }] } } },
  }
}

type Tags = readonly { readonly name: string; readonly value_format: string }[]

function counter(
  name: string,
  tags: Tags,
  value: { readonly value_fixed: { readonly value: number } } | { readonly value_format: string },
  filter: AccessLogFilter,
): AccessLog {
  return {
    name,
    filter,
    typed_config: packAny('envoy.extensions.access_loggers.stats.v3.Config', {
      stats_scope: { prefix: ACTIVITY.prefix, enable_eviction: true },
      counters: [{ stat: { name, tags: [...tags] }, ...value }],
    } satisfies Config),
  }
}
