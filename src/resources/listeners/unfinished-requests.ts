import type { FilterConfig } from '#proto/envoy/config/route/v3/FilterConfig.js'
import type { HeaderMatcher } from '#proto/envoy/config/route/v3/HeaderMatcher.js'
import type { Route } from '#proto/envoy/config/route/v3/Route.js'
import type { RouteMatch } from '#proto/envoy/config/route/v3/RouteMatch.js'
import type { BandwidthLimit } from '#proto/envoy/extensions/filters/http/bandwidth_limit/v3/BandwidthLimit.js'
import type { Buffer as BufferFilter } from '#proto/envoy/extensions/filters/http/buffer/v3/Buffer.js'
import type { BufferPerRoute } from '#proto/envoy/extensions/filters/http/buffer/v3/BufferPerRoute.js'
import type { Lua } from '#proto/envoy/extensions/filters/http/lua/v3/Lua.js'
import type { LuaPerRoute } from '#proto/envoy/extensions/filters/http/lua/v3/LuaPerRoute.js'
import type { Config as SetFilterState } from '#proto/envoy/extensions/filters/http/set_filter_state/v3/Config.js'
import type { HttpFilter } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpFilter.js'
import type { UInt32Value } from '#proto/google/protobuf/UInt32Value.js'
import { packAny } from '../../xds/messages.js'
import type { Scripts } from '../scripts.js'
import { absent, FITTING_SIZE, LARGE_HEADERS, NO_CODING } from './arrival.js'
import type { PlacesInput } from './places.js'
import { uploadPlaces, waitingPlaces } from './places.js'

/*
 * An unfinished request doesn't count against its route's limit, so that a client that never ends its requests takes
 * nothing from others. Envoy chooses the route of most kinds of requests twice: first one of those below, and again when
 * the request is complete, which a filter state marks. Only {@link COMPLETE_AT_ONCE} needs no second choice.
 *
 * - A request with a small body, or without a length if its method normally has no body, waits here until it is complete.
 *   Only then does the backend get it.
 * - Any other body is an upload: it is passed on as it arrives, and is counted separately (see `routeLimits`).
 */

/** The mark; its value is the size of the headers in bytes. */
const COMPLETE_KEY = 'complete'

const FILTER = {
  wait: 'request_wait',
  end: 'request_end',
  rearm: 'rearm',
  body: 'whole_body',
  complete: 'complete',
} as const

/** Matches requests that are complete, with headers of less than 60,000 bytes. */
export const COMPLETE: Pick<RouteMatch, 'filter_state'> = {
  filter_state: [{ key: COMPLETE_KEY, string_match: { safe_regex: { regex: FITTING_SIZE } } }],
}

const HEADERS_LIMIT = 60_000

/**
 * Refuses complete requests with larger headers, with a page that explains the remedy. Envoy's own limit must be
 * higher: over HTTP/2 a request beyond that gets no answer.
 */
export const HEADERS_TOO_LARGE: Route = {
  match: { prefix: '/', filter_state: [{ key: COMPLETE_KEY, string_match: { safe_regex: { regex: '.+' } } }] },
  direct_response: { status: 431 },
}

/** The headers that Envoy reads. Waiting requests have at most the limit above. */
export const MAX_HEADERS_KIB = { value: 128 }

/** Methods whose requests normally have no body. With HTTP/2 the headers don't show whether one follows. */
const BODILESS: HeaderMatcher = {
  name: ':method',
  string_match: { safe_regex: { regex: 'GET|HEAD|OPTIONS' } },
}

/** The cluster of waiting requests. It doesn't exist, and is never used. */
export const WAITING_CLUSTER = 'waiting'

/**
 * Limits nothing. The filter passes each part of a body on in a separate event, after which Envoy restarts the idle
 * timer: after the last part with the timeout of the newly chosen route instead of the previous one.
 */
const NO_LIMIT = packAny('envoy.extensions.filters.http.bandwidth_limit.v3.BandwidthLimit', {
  stat_prefix: FILTER.rearm,
  enable_mode: 'REQUEST',
  // 1 TB/s.
  limit_kbps: { value: 1_000_000_000 },
} satisfies BandwidthLimit)

type PerFilter = NonNullable<Route['typed_per_filter_config']>

/** Enables a script, without other settings for the route. */
const SCRIPT = on(
  packAny('envoy.extensions.filters.http.lua.v3.LuaPerRoute', { filter_context: {} } satisfies LuaPerRoute),
)

/** @returns what makes a route's requests wait until they are complete, and then be routed again */
function untilComplete(max_request_bytes: UInt32Value): PerFilter {
  const buffer: BufferFilter = { max_request_bytes }
  return {
    [FILTER.body]: on(
      packAny('envoy.extensions.filters.http.buffer.v3.BufferPerRoute', { buffer } satisfies BufferPerRoute),
    ),
    // Enables the filter, without other settings for the route.
    [FILTER.complete]: on(
      packAny('envoy.extensions.filters.http.set_filter_state.v3.Config', {} satisfies SetFilterState),
    ),
  }
}

/** The largest body that waits. */
const WAITING_BODY = { value: 64 * 1024 }

/** The smallest limit that Envoy accepts. */
const NO_BODY = { value: 1 }

/** The headers of requests that wait until they are complete; all others are uploads. */
export const WAITING: readonly {
  readonly headers: HeaderMatcher[]
  readonly hasBody: boolean
  readonly typed_per_filter_config: PerFilter
}[] = [
  {
    headers: [{ name: 'content-length', range_match: { end: String(WAITING_BODY.value + 1) } }],
    hasBody: true,
    typed_per_filter_config: { ...untilComplete(WAITING_BODY), [FILTER.wait]: SCRIPT },
  },
  {
    headers: [absent('content-length'), NO_CODING, BODILESS, LARGE_HEADERS],
    hasBody: false,
    typed_per_filter_config: { ...untilComplete(NO_BODY), [FILTER.wait]: SCRIPT },
  },
  // Over HTTP/2 most requests are of this kind. They aren't counted: without a body, no further byte restarts their idle
  // timer, and they are small.
  {
    headers: [absent('content-length'), NO_CODING, BODILESS],
    hasBody: false,
    typed_per_filter_config: untilComplete(NO_BODY),
  },
]

/** Passes a route's requests on as they arrive; the script marks them at their end. */
export const AS_IT_COMES: NonNullable<Route['typed_per_filter_config']> = {
  [FILTER.end]: SCRIPT,
  [FILTER.rearm]: on(NO_LIMIT),
}

/**
 * The filters of ordinary requests, before those that depend on the final route. Only the routes here enable them:
 * requests that Envoy answers itself, such as the health check, don't wait.
 */
export function unfinishedRequestFilters(scripts: Scripts, input: PlacesInput): HttpFilter[] {
  const constants = [`local KEY = ${JSON.stringify(COMPLETE_KEY)}`, `local HEADERS_LIMIT = ${HEADERS_LIMIT}`]
  const filters: HttpFilter[] = [
    script(FILTER.wait, [...waitingPlaces(input), scripts.places, scripts.requestWait]),
    script(FILTER.end, [...uploadPlaces(input), scripts.places, ...constants, scripts.requestEnd]),
    { name: FILTER.rearm, typed_config: NO_LIMIT },
    {
      name: FILTER.body,
      typed_config: packAny('envoy.extensions.filters.http.buffer.v3.Buffer', {
        max_request_bytes: WAITING_BODY,
      } satisfies BufferFilter),
    },
    markComplete(FILTER.complete),
  ]
  return filters.map((filter) => ({ ...filter, disabled: true }))
}

/** Marks handshakes of websockets, which have no body, as complete. */
export const HANDSHAKE_COMPLETE = markComplete('handshake_complete')

function markComplete(name: string): HttpFilter {
  return {
    name,
    typed_config: packAny('envoy.extensions.filters.http.set_filter_state.v3.Config', {
      on_request_headers: [
        {
          object_key: COMPLETE_KEY,
          factory_key: 'envoy.string',
          format_string: { text_format_source: { inline_string: '%REQUEST_HEADERS_BYTES%' } },
        },
      ],
      clear_route_cache: true,
    } satisfies SetFilterState),
  }
}

function script(name: string, lines: readonly string[]): HttpFilter {
  return {
    name,
    typed_config: packAny('envoy.extensions.filters.http.lua.v3.Lua', {
      default_source_code: { inline_string: lines.join('\n') },
      clear_route_cache: { value: false },
    } satisfies Lua),
  }
}

function on(config: ReturnType<typeof packAny>): ReturnType<typeof packAny> {
  return packAny('envoy.config.route.v3.FilterConfig', { config } satisfies FilterConfig)
}
