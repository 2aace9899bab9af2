import type { AccessLogFilter } from '#proto/envoy/config/accesslog/v3/AccessLogFilter.js'
import type { ComparisonFilter } from '#proto/envoy/config/accesslog/v3/ComparisonFilter.js'
import type { ExpressionFilter } from '#proto/envoy/extensions/access_loggers/filters/cel/v3/ExpressionFilter.js'
import { packAny } from '../../xds/messages.js'
import { UNFINISHED } from '../names.js'
import { SAFE_METHOD } from './connection-reuse.js'

/* Filters by which access logs, and mappers of Envoy's own replies, select requests. */

/** A reply to an upgrade, such as to a websocket: its client shows no page. */
export const UPGRADE: AccessLogFilter = { header_filter: { header: { name: 'upgrade', present_match: true } } }

export const GRPC: AccessLogFilter = {
  header_filter: {
    header: { name: 'content-type', string_match: { safe_regex: { regex: 'application/grpc([+;].*)?' } } },
  },
}

export const IS_ERROR = statusAtLeast(400)

export function statusIs(value: number): AccessLogFilter {
  return status('EQ', value)
}

export function statusAtLeast(value: number): AccessLogFilter {
  return status('GE', value)
}

/** Includes requests without an answer. */
export function statusAtMost(value: number): AccessLogFilter {
  return status('LE', value)
}

/** A request that took at least this long. */
export function lastsAtLeast(ms: number): AccessLogFilter {
  return { duration_filter: { comparison: comparison('GE', ms) } }
}

export function lastsAtMost(ms: number): AccessLogFilter {
  return { duration_filter: { comparison: comparison('LE', ms) } }
}

/** A request for exactly this path, without a query. */
export function pathIs(path: string): AccessLogFilter {
  return { header_filter: { header: { name: ':path', string_match: { exact: path } } } }
}

/** A request that was refused because its route has too many. */
export const ROUTE_FULL: AccessLogFilter = { response_flag_filter: { flags: ['UO'] } }

/**
 * A request of a method with a body whose backend closed the connection before Envoy got an answer. The backend may
 * have answered, but with so much unread data that the answer was lost on the way.
 */
export const UPLOAD_CUT_OFF: AccessLogFilter = allOf(
  { response_flag_filter: { flags: ['UC'] } },
  { header_filter: { header: { ...SAFE_METHOD, invert_match: true } } },
)

/** A CEL expression: an unfinished request found no place. */
export const UNFINISHED_FULL_EXPRESSION = scriptSays(UNFINISHED.namespace, UNFINISHED.full, 'true')

/** A request that was refused because unfinished requests use too much memory. */
export const UNFINISHED_FULL = cel('unfinished_full', UNFINISHED_FULL_EXPRESSION)

/** A request that was refused because the heap is nearly full. Envoy sets no response flag for that. */
export const HEAP_FULL = cel('heap_full', "response.code_details == 'overload'")

/**
 * A CEL expression: a script has answered, and left this value in the request's metadata. It asks first whether the
 * metadata exists, since a missing value is an error.
 *
 * @param value in CEL's syntax
 */
export function scriptSays(namespace: string, key: string, value: string): string {
  const metadata = 'metadata.filter_metadata'
  const isSaid = `"${namespace}" in ${metadata} && ${metadata}["${namespace}"]["${key}"] == ${value}`
  return `(response.code_details == "lua_response" && ${isSaid})`
}

/** Requests for which a CEL expression is true. A missing attribute makes it false. */
export function cel(name: string, expression: string): AccessLogFilter {
  const type = 'envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter'
  return { extension_filter: { name, typed_config: packAny(type, { expression } satisfies ExpressionFilter) } }
}

export function allOf(...filters: AccessLogFilter[]): AccessLogFilter {
  return { and_filter: { filters } }
}

export function oneOf(filters: readonly AccessLogFilter[]): AccessLogFilter {
  return { or_filter: { filters: [...filters] } }
}

function status(op: Comparison, value: number): AccessLogFilter {
  return { status_code_filter: { comparison: comparison(op, value) } }
}

type Comparison = 'EQ' | 'GE' | 'LE'

/** Envoy requires a runtime key, by which the number could be changed; nothing sets it. */
function comparison(op: Comparison, value: number): ComparisonFilter {
  return { op, value: { default_value: value, runtime_key: 'unused' } }
}
