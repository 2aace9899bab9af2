import type { HeaderMutation } from '#proto/envoy/config/common/mutation_rules/v3/HeaderMutation.js'
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
import { any } from '../../xds/messages.js'
import type { Scripts } from '../scripts.js'
import { setHeader } from '../shared/header-mutation.js'
import { BUFFER_BYTES } from '../shared/limits.js'
import type { PlacesInput } from './places.js'
import { uploadPlaces, waitingPlaces } from './places.js'

/*
 * A request that isn't all there yet takes no place of a route, so that a client that never ends one takes none from
 * others. Envoy chooses a request's route twice: at first one of those below, and again when the request is complete,
 * which a filter state marks.
 *
 * - A small body, and one that says no length on a method that has none as a rule, waits here until it is all there. The
 *   backend hears nothing of it before.
 * - Any other body is an upload: it goes on as it comes, and counts as such (see `routeLimits`).
 */

/** The mark holds how many bytes the headers have. */
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
  filter_state: [{ key: COMPLETE_KEY, string_match: { safe_regex: { regex: '[0-9]{1,4}|[1-5][0-9]{4}' } } }],
}

const HEADERS_LIMIT = 60_000

/**
 * Answers complete requests with larger headers, as a page that says what to do. Envoy's own limit must be higher: over
 * HTTP/2 a request that is beyond it gets no answer at all.
 */
export const HEADERS_TOO_LARGE: Route = {
  match: { prefix: '/', filter_state: [{ key: COMPLETE_KEY, string_match: { safe_regex: { regex: '.+' } } }] },
  direct_response: { status: 431 },
}

/** The headers that Envoy reads at all. What 100 requests in a connection may keep waiting is still the limit above. */
export const MAX_HEADERS_KIB = { value: 128 }

/** Methods whose requests have no body as a rule. With HTTP/2 nothing in the headers says whether one comes. */
const BODILESS: HeaderMatcher = {
  name: ':method',
  string_match: { safe_regex: { regex: 'GET|HEAD|OPTIONS' } },
}

/** Holds how the body is coded, as Envoy takes `Transfer-Encoding` away before it chooses a route. */
export const CODING_HEADER = 'x-cep-coding'

/** Must come before Envoy itself looks at the headers. */
export const COPY_CODING: HeaderMutation = setHeader(
  CODING_HEADER,
  '%REQ(transfer-encoding)%',
  'OVERWRITE_IF_EXISTS_OR_ADD',
)

/** The cluster of requests that wait. There is none of this name, and none is ever asked for. */
export const WAITING_CLUSTER = 'waiting'

/**
 * Limits nothing. The filter passes each part of a body on in a turn of its own, whereupon Envoy sets the timer of idle
 * requests again: after the last part by the route that was chosen then, and not by the one before.
 */
const NO_LIMIT = any('envoy.extensions.filters.http.bandwidth_limit.v3.BandwidthLimit', {
  stat_prefix: FILTER.rearm,
  enable_mode: 'REQUEST',
  // 1 TB/s.
  limit_kbps: { value: 1_000_000_000 },
} satisfies BandwidthLimit)

type PerFilter = NonNullable<Route['typed_per_filter_config']>

/** Has a script do what it does for all besides. */
const SCRIPT = on(any('envoy.extensions.filters.http.lua.v3.LuaPerRoute', { filter_context: {} } satisfies LuaPerRoute))

/** @returns what has a route's requests wait until they are complete, and then be routed */
function untilComplete(max_request_bytes: UInt32Value): PerFilter {
  const buffer: BufferFilter = { max_request_bytes }
  return {
    [FILTER.body]: on(
      any('envoy.extensions.filters.http.buffer.v3.BufferPerRoute', { buffer } satisfies BufferPerRoute),
    ),
    // It does what is configured for all besides.
    [FILTER.complete]: on(any('envoy.extensions.filters.http.set_filter_state.v3.Config', {} satisfies SetFilterState)),
  }
}

/** The least that Envoy knows as a limit. */
const NO_BODY = { value: 1 }

/** Requests that wait until they are complete, by what their headers have; all others are uploads. */
export const WAITING: readonly {
  readonly headers: HeaderMatcher[]
  readonly hasBody: boolean
  readonly typed_per_filter_config: PerFilter
}[] = [
  {
    headers: [{ name: 'content-length', range_match: { end: String(BUFFER_BYTES.value + 1) } }],
    hasBody: true,
    typed_per_filter_config: { ...untilComplete(BUFFER_BYTES), [FILTER.wait]: SCRIPT },
  },
  // These are most of all requests, and take no place: with no body to come, no byte keeps them from being idle.
  {
    headers: [absent('content-length'), absent(CODING_HEADER), BODILESS],
    hasBody: false,
    typed_per_filter_config: untilComplete(NO_BODY),
  },
]

/** Has a route's requests go on as they come, until the script has seen the end of them. */
export const AS_IT_COMES: NonNullable<Route['typed_per_filter_config']> = {
  [FILTER.end]: SCRIPT,
  [FILTER.rearm]: on(NO_LIMIT),
}

/**
 * The filters that ordinary requests go through before any that needs to know where they go. Only the routes here have
 * them at work: what Envoy answers itself, such as the health check, waits for nothing.
 */
export function unfinishedRequestFilters(scripts: Scripts, input: PlacesInput): HttpFilter[] {
  const constants = [`local KEY = ${JSON.stringify(COMPLETE_KEY)}`, `local HEADERS_LIMIT = ${HEADERS_LIMIT}`]
  const filters: HttpFilter[] = [
    script(FILTER.wait, [...waitingPlaces(input), scripts.places, scripts.requestWait]),
    script(FILTER.end, [...uploadPlaces(input), scripts.places, ...constants, scripts.requestEnd]),
    { name: FILTER.rearm, typed_config: NO_LIMIT },
    {
      name: FILTER.body,
      typed_config: any('envoy.extensions.filters.http.buffer.v3.Buffer', {
        max_request_bytes: BUFFER_BYTES,
      } satisfies BufferFilter),
    },
    markComplete(FILTER.complete),
  ]
  return filters.map((filter) => ({ ...filter, disabled: true }))
}

/** The same for handshakes of websockets, which have no body. */
export const HANDSHAKE_COMPLETE = markComplete('handshake_complete')

function markComplete(name: string): HttpFilter {
  return {
    name,
    typed_config: any('envoy.extensions.filters.http.set_filter_state.v3.Config', {
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
    typed_config: any('envoy.extensions.filters.http.lua.v3.Lua', {
      default_source_code: { inline_string: lines.join('\n') },
      clear_route_cache: { value: false },
    } satisfies Lua),
  }
}

function on(config: ReturnType<typeof any>): ReturnType<typeof any> {
  return any('envoy.config.route.v3.FilterConfig', { config } satisfies FilterConfig)
}

function absent(name: string): HeaderMatcher {
  return { name, present_match: true, invert_match: true }
}
