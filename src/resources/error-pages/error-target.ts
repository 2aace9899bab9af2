import type { Cluster } from '#proto/envoy/config/cluster/v3/Cluster.js'
import type { HeaderMutation } from '#proto/envoy/extensions/filters/http/header_mutation/v3/HeaderMutation.js'
import type { Lua } from '#proto/envoy/extensions/filters/http/lua/v3/Lua.js'
import type { Config } from '#proto/envoy/extensions/filters/http/set_filter_state/v3/Config.js'
import type { UpstreamCodec } from '#proto/envoy/extensions/filters/http/upstream_codec/v3/UpstreamCodec.js'
import type { HttpFilter } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpFilter.js'
import type { HttpProtocolOptions } from '#proto/envoy/extensions/upstreams/http/v3/HttpProtocolOptions.js'
import type { Target } from '../../routing/target.js'
import type { ErrorPageRequest } from '../../settings/error-pages.js'
import { any, duration } from '../../xds/messages.js'
import type { TargetSettings } from '../clusters/cluster.js'
import { targetCluster } from '../clusters/cluster.js'
import { ERROR_TARGET, FAILED_PATH_HEADER } from '../names.js'
import { TARGET_IDLE_MS } from '../shared/connection-reuse.js'
import { headerToSet, setHeader } from '../shared/header-mutation.js'

/*
 * Envoy itself asks the error target for a page, so that this works on every Envoy, whatever the control plane does. A
 * reply of Envoy's own leaves `localReplies` complete, with a built-in page and a mark; the filter in
 * envoy/error-page.lua takes the mark off and puts the target's page in the place of the built-in one, if it gets one.
 */

/** Where and how an error page is asked for. */
export interface ErrorTargetInput {
  readonly request: ErrorPageRequest
  /** The text of envoy/error-page.lua. */
  readonly script: string
}

/** A hub that is busy with 16 pages has a worse trouble than that a user sees the built-in one. */
const MAX_FETCHES = 16

/** How long a page may take. The user waits for it. */
const FETCH_TIMEOUT_MS = 5_000

/** Stands on what the error target itself answered, and not on what Envoy answers in its place. */
const ANSWERED_HEADER = 'x-cep-answered'

/** Holds the request's path, since the router changes it. */
const PATH_STATE = 'failed_path'

/** What a reply of Envoy's own is marked with. A request that is refused before any filter saw it has no path. */
export const FAILED_REPLY_HEADERS = [headerToSet(FAILED_PATH_HEADER, `%FILTER_STATE(${PATH_STATE}:PLAIN)%`)]

/** The filters that fetch pages. The first must see the path before any other changes it. */
export function errorTargetFilters({ request, script }: ErrorTargetInput): HttpFilter[] {
  const constants = {
    ERROR_TARGET,
    FAILED_PATH_HEADER,
    ANSWERED_HEADER,
    AUTHORITY: request.authority,
    BEFORE_STATUS: request.beforeStatus,
    BEFORE_PATH: request.beforePath,
    AFTER_PATH: request.afterPath,
    TIMEOUT_MS: FETCH_TIMEOUT_MS,
  }
  // The parts of a URL are printable ASCII, whose JSON is Lua as well.
  const lines = Object.entries(constants).map(([name, value]) => `local ${name} = ${JSON.stringify(value)}`)
  return [
    {
      name: PATH_STATE,
      typed_config: any('envoy.extensions.filters.http.set_filter_state.v3.Config', {
        on_request_headers: [
          {
            object_key: PATH_STATE,
            factory_key: 'envoy.string',
            format_string: { text_format_source: { inline_string: '%REQ(:PATH)%' } },
          },
        ],
      } satisfies Config),
    },
    {
      name: 'error_page',
      typed_config: any('envoy.extensions.filters.http.lua.v3.Lua', {
        default_source_code: { inline_string: [...lines, script].join('\n') },
      } satisfies Lua),
    },
  ]
}

/**
 * The cluster of the error target.
 *
 * @param addresses see {@link targetCluster}
 */
export function errorTargetCluster(
  target: Target,
  settings: TargetSettings,
  addresses?: readonly string[],
): Cluster & { name: string } {
  return {
    ...targetCluster(ERROR_TARGET, target, settings, addresses),
    // Users are served before its name is resolved: there are the built-in pages.
    wait_for_warm_on_init: { value: false },
    circuit_breakers: {
      thresholds: [
        {
          max_connections: { value: MAX_FETCHES },
          max_pending_requests: { value: MAX_FETCHES },
          max_requests: { value: MAX_FETCHES },
        },
      ],
    },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': any(
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        {
          common_http_protocol_options: { idle_timeout: duration(TARGET_IDLE_MS) },
          explicit_http_config: { http_protocol_options: {} },
          http_filters: [MARK_ANSWERS, UPSTREAM_CODEC],
        } satisfies HttpProtocolOptions,
      ),
    },
  }
}

const MARK_ANSWERS: HttpFilter = {
  name: 'mark_answers',
  typed_config: any('envoy.extensions.filters.http.header_mutation.v3.HeaderMutation', {
    mutations: {
      // Envoy's own, on requests that no user sent as they are.
      request_mutations: [{ remove: 'x-envoy-internal' }, { remove: 'x-envoy-expected-rq-timeout-ms' }],
      response_mutations: [setHeader(ANSWERED_HEADER, 'yes')],
    },
  } satisfies HeaderMutation),
}

/** Must be the last of the filters that run for each attempt to send a request. */
export const UPSTREAM_CODEC: HttpFilter = {
  name: 'codec',
  typed_config: any('envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec', {} satisfies UpstreamCodec),
}
