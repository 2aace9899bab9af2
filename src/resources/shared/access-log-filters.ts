import type { AccessLogFilter } from '#proto/envoy/config/accesslog/v3/AccessLogFilter.js'
import type { ComparisonFilter } from '#proto/envoy/config/accesslog/v3/ComparisonFilter.js'
import type { ExpressionFilter } from '#proto/envoy/extensions/access_loggers/filters/cel/v3/ExpressionFilter.js'
import { any } from '../../xds/messages.js'
import { SAFE_METHOD } from './connection-reuse.js'

/* What kinds of Envoy's own replies there are. */

/** An upgrade, such as to a websocket, that failed: whoever asked for it shows no page. */
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

/** A request that was not answered included. */
export function statusAtMost(value: number): AccessLogFilter {
  return status('LE', value)
}

/** To a request that took so long. */
export function lastsAtLeast(ms: number): AccessLogFilter {
  return { duration_filter: { comparison: comparison('GE', ms) } }
}

export function lastsAtMost(ms: number): AccessLogFilter {
  return { duration_filter: { comparison: comparison('LE', ms) } }
}

/** To a request for exactly this path and no query. */
export function pathIs(path: string): AccessLogFilter {
  return { header_filter: { header: { name: ':path', string_match: { exact: path } } } }
}

/** To a request that was refused because its route has too many. */
export const ROUTE_FULL: AccessLogFilter = { response_flag_filter: { flags: ['UO'] } }

/**
 * To a request, of those that send something, whose backend ended the connection before it answered. It may have
 * answered, and closed with so much unread that the answer was lost on the way.
 */
export const UPLOAD_CUT_OFF: AccessLogFilter = allOf(
  { response_flag_filter: { flags: ['UC'] } },
  { header_filter: { header: { ...SAFE_METHOD, invert_match: true } } },
)

/** To a request that was refused because the heap is nearly full, for which Envoy sets no flag. */
export const HEAP_FULL = cel('heap_full', "response.code_details == 'overload'")

/** What a CEL expression is true of. An attribute that isn't there makes it false. */
export function cel(name: string, expression: string): AccessLogFilter {
  const type = 'envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter'
  return { extension_filter: { name, typed_config: any(type, { expression } satisfies ExpressionFilter) } }
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

/** Envoy wants a key by which the number could be changed at run time; nothing sets it. */
function comparison(op: Comparison, value: number): ComparisonFilter {
  return { op, value: { default_value: value, runtime_key: 'unused' } }
}
