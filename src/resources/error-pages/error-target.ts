import type { Cluster } from '#proto/envoy/config/cluster/v3/Cluster.js'
import type { HeaderMutation } from '#proto/envoy/extensions/filters/http/header_mutation/v3/HeaderMutation.js'
import type { Lua } from '#proto/envoy/extensions/filters/http/lua/v3/Lua.js'
import type { Config } from '#proto/envoy/extensions/filters/http/set_filter_state/v3/Config.js'
import type { UpstreamCodec } from '#proto/envoy/extensions/filters/http/upstream_codec/v3/UpstreamCodec.js'
import type { HttpFilter } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpFilter.js'
import type { HttpProtocolOptions } from '#proto/envoy/extensions/upstreams/http/v3/HttpProtocolOptions.js'
import type { Target } from '../../routing/target.js'
import type { ErrorPageRequest } from '../../settings/error-pages.js'
import { duration, packAny } from '../../xds/messages.js'
import type { TargetSettings } from '../clusters/cluster.js'
import { targetCluster } from '../clusters/cluster.js'
import { ERROR_TARGET, FAILED_PATH_HEADER } from '../names.js'
import { TARGET_IDLE_MS } from '../shared/connection-reuse.js'
import { headerToSet, setHeader } from '../shared/header-mutation.js'

/*
 * Envoy itself fetches pages from the error target, so every Envoy can, also without a control plane. `localReplies`
 * gives Envoy's own replies a built-in page and a mark; the filter in envoy/error-page.lua removes the mark and
 * replaces the built-in page by the target's, if it gets one.
 */

/** Where and how an error page is requested. */
export interface ErrorTargetInput {
  readonly request: ErrorPageRequest
  /** The text of envoy/error-page.lua. */
  readonly script: string
}

/** When 16 fetches are pending, showing the built-in page is the lesser problem. */
const MAX_FETCHES = 16

/** How long a fetch may take, while the user waits. */
const FETCH_TIMEOUT_MS = 5_000

/** Marks answers of the error target itself, as opposed to Envoy's own. */
const ANSWERED_HEADER = 'x-cep-answered'

/** Keeps the request's path, since the router changes it. */
const PATH_STATE = 'failed_path'

/** The mark of Envoy's own replies. Its path is missing if the request was refused before the filters. */
export const FAILED_REPLY_HEADERS = [headerToSet(FAILED_PATH_HEADER, `%FILTER_STATE(${PATH_STATE}:PLAIN)%`)]

/** The filters that fetch pages. The first must see the path before any other filter changes it. */
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
  // The parts of a URL are printable ASCII, whose JSON is valid Lua.
  const lines = Object.entries(constants).map(([name, value]) => `local ${name} = ${JSON.stringify(value)}`)
  return [
    {
      name: PATH_STATE,
      typed_config: packAny('envoy.extensions.filters.http.set_filter_state.v3.Config', {
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
      typed_config: packAny('envoy.extensions.filters.http.lua.v3.Lua', {
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
    // Envoy serves users before this name is resolved, with the built-in pages.
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
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': packAny(
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
  typed_config: packAny('envoy.extensions.filters.http.header_mutation.v3.HeaderMutation', {
    mutations: {
      // Envoy adds these to its own requests.
      request_mutations: [{ remove: 'x-envoy-internal' }, { remove: 'x-envoy-expected-rq-timeout-ms' }],
      response_mutations: [setHeader(ANSWERED_HEADER, 'yes')],
    },
  } satisfies HeaderMutation),
}

/** Must be the last of the upstream filters. */
export const UPSTREAM_CODEC: HttpFilter = {
  name: 'codec',
  typed_config: packAny('envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec', {} satisfies UpstreamCodec),
}
