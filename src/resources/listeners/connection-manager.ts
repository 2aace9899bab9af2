import type { AccessLog } from '#proto/envoy/config/accesslog/v3/AccessLog.js'
import type { TypedExtensionConfig } from '#proto/envoy/config/core/v3/TypedExtensionConfig.js'
import type { Router } from '#proto/envoy/extensions/filters/http/router/v3/Router.js'
import type { HttpConnectionManager } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpConnectionManager.js'
import type { HttpFilter } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpFilter.js'
import type { HeaderMutation } from '#proto/envoy/extensions/http/early_header_mutation/header_mutation/v3/HeaderMutation.js'
import type { AccessLogSettings } from '../../settings/access-log.js'
import type { ForwardingSettings } from '../../settings/forwarding.js'
import type { Limits } from '../../settings/limits.js'
import type { TracingSettings } from '../../settings/tracing.js'
import { duration, packAny } from '../../xds/messages.js'
import { accessLog as accessLogs } from '../access-log/access-log.js'
import { keptEarly, keptFilters } from '../access-log/kept.js'
import { MAX_HEADERS, PRESERVE_HEADER_CASE } from '../clusters/cluster.js'
import { ACTIVITY_LOG_OPTIONS, activityCounters } from '../counters/activity.js'
import { failureLog } from '../counters/failure-log.js'
import { attemptTimes, requestCounters } from '../counters/request-counters.js'
import { errorTargetFilters, UPSTREAM_CODEC } from '../error-pages/error-target.js'
import type { ErrorPages } from '../error-pages/local-replies.js'
import { localReplies } from '../error-pages/local-replies.js'
import { refusalFilter } from '../error-pages/refused-handshakes.js'
import { withRequestIds } from '../error-pages/request-ids.js'
import { PUBLIC, PUBLIC_ROUTES } from '../names.js'
import type { Scripts } from '../scripts.js'
import { OWN_CONNECTION } from '../shared/connection-reuse.js'
import { connectionManagerLimits, FLUSH_TIMEOUT, NEVER } from '../shared/limits.js'
import { tracing } from '../tracing/tracing.js'
import { NOTE_ARRIVAL } from './arrival.js'
import { CLIENT_ADDRESS, forwardedHeaders } from './forwarded-headers.js'
import { HTTP2_OPTIONS, WEBSOCKET_KEY } from './http2.js'
import { countRounds } from './loops.js'
import { repeatFilter } from './repeat.js'
import { KEEP_VALID_ID, OWN_SAMPLING, requestIds } from './request-id.js'
import { rewritingFilters } from './rewriting.js'
import { HANDSHAKE_COMPLETE, MAX_HEADERS_KIB, unfinishedRequestFilters } from './unfinished-requests.js'
import { REFUSE_CODED_UPGRADES } from './upgrades.js'

export interface ConnectionManagerInput {
  /** Whether clients speak TLS to this listener. */
  readonly encrypted: boolean
  /** Whether clients connect over the network, not to a unix socket. */
  readonly networked: boolean
  readonly forwarding: ForwardingSettings
  readonly scripts: Scripts
  readonly errorPages: ErrorPages
  /** Whether requests are counted for {@link requestCounters}' readers. */
  readonly countRequests: boolean
  /** Undefined without traces. */
  readonly tracing?: TracingSettings | undefined
  /** Undefined without an access log. */
  readonly accessLog?: AccessLogSettings | undefined
  readonly limits: Limits
  /** How many workers Envoy has. */
  readonly workers: number
}

/**
 * The last filter of a request.
 *
 * @param attempt upstream filters, which run for each attempt to send the request
 * @param attemptLog what counts each attempt
 */
export function router(attempt: readonly HttpFilter[] = [], attemptLog: AccessLog[] = []): HttpFilter {
  return {
    name: 'router',
    typed_config: packAny('envoy.extensions.filters.http.router.v3.Router', {
      // Envoy would look up eight statistics for each answer, by the names of its cluster, status and virtual host, though
      // routes have none. They cost a request 3 %.
      dynamic_stats: { value: false },
      suppress_envoy_headers: true,
      upstream_log: attemptLog,
      upstream_http_filters: attempt.length === 0 ? [] : [...attempt, UPSTREAM_CODEC],
    } satisfies Router),
  }
}

/** Handles users' connections, from the bytes to the choice of a cluster. */
export function connectionManager(input: ConnectionManagerInput): HttpConnectionManager {
  const { encrypted, networked, forwarding, scripts, errorPages, limits, workers } = input
  const logged = input.accessLog === undefined ? [] : keptFilters(input.accessLog)
  const forwarded = forwardedHeaders({ xForward: forwarding.xForward, encrypted, networked })
  const rewriting = rewritingFilters(forwarding, scripts)
  const pages = errorPages.target === undefined ? [] : errorTargetFilters(errorPages.target)
  return {
    stat_prefix: PUBLIC,
    rds: {
      route_config_name: PUBLIC_ROUTES,
      config_source: { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: NEVER },
    },
    early_header_mutation_extensions: [earlyHeaders(input, forwarded.early)],
    ...CLIENT_ADDRESS,
    http_filters: [
      ...logged,
      ...pages,
      ...unfinishedRequestFilters(scripts, { limits, workers }),
      ...forwarded.http,
      ...rewriting,
      router([repeatFilter(scripts)], input.countRequests ? attemptTimes() : []),
    ],
    upgrade_configs: [
      {
        upgrade_type: 'websocket',
        filters: [
          ...logged,
          ...[HANDSHAKE_COMPLETE, ...forwarded.websocket, WEBSOCKET_KEY, refusalFilter(scripts.refusal)],
          ...[...rewriting, OWN_CONNECTION, router()],
        ],
      },
    ],
    http_protocol_options: {
      accept_http_10: true,
      // Requests of HTTP/1.0 may have no Host header, which Envoy requires.
      default_host_for_http_10: 'localhost',
      header_key_format: PRESERVE_HEADER_CASE,
    },
    http2_protocol_options: HTTP2_OPTIONS,
    common_http_protocol_options: {
      idle_timeout: duration(forwarding.keepAliveTimeoutMs),
      max_headers_count: MAX_HEADERS,
    },
    ...connectionManagerLimits(limits),
    max_request_headers_kb: MAX_HEADERS_KIB,
    stream_flush_timeout: FLUSH_TIMEOUT,
    ...requestIds(forwarding.requestId),
    ...(input.tracing && { tracing: tracing(input.tracing), request_id_extension: OWN_SAMPLING }),
    // No header of Envoy's own: browsers get the same as with CHP.
    server_header_transformation: 'PASS_THROUGH',
    local_reply_config: forwarding.requestId ? withRequestIds(localReplies(errorPages)) : localReplies(errorPages),
    access_log: logsOf(input),
    access_log_options: ACTIVITY_LOG_OPTIONS,
  }
}

/** What is written and counted when a request ends. */
function logsOf({ countRequests, accessLog, forwarding }: ConnectionManagerInput): AccessLog[] {
  return [
    ...activityCounters(),
    ...failureLog(forwarding.requestId),
    ...(countRequests ? requestCounters() : []),
    ...(accessLog === undefined ? [] : accessLogs(accessLog)),
  ]
}

/** Changes headers before Envoy reads them. */
function earlyHeaders(
  { forwarding, accessLog }: ConnectionManagerInput,
  forwarded: HeaderMutation['mutations'] & object,
): TypedExtensionConfig {
  return {
    name: 'early_headers',
    typed_config: packAny('envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation', {
      mutations: [
        // With these a client could control Envoy, and even forward another path than the one that was routed.
        { remove_on_match: { key_matcher: { prefix: 'x-envoy-' } } },
        // As in CHP: it announces trailers, which aren't forwarded.
        { remove: 'trailer' },
        NOTE_ARRIVAL,
        REFUSE_CODED_UPGRADES,
        ...forwarded,
        ...countRounds(forwarding),
        ...(forwarding.requestId ? KEEP_VALID_ID : []),
        ...(accessLog === undefined ? [] : keptEarly(accessLog)),
      ],
    } satisfies HeaderMutation),
  }
}
