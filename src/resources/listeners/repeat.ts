import type { Expr } from '#proto/cel/expr/Expr.js'
import type { TypedExtensionConfig } from '#proto/envoy/config/core/v3/TypedExtensionConfig.js'
import type { ExtensionWithMatcher } from '#proto/envoy/extensions/common/matching/v3/ExtensionWithMatcher.js'
import type { Composite } from '#proto/envoy/extensions/filters/http/composite/v3/Composite.js'
import type { ExecuteFilterAction } from '#proto/envoy/extensions/filters/http/composite/v3/ExecuteFilterAction.js'
import type { Lua } from '#proto/envoy/extensions/filters/http/lua/v3/Lua.js'
import type { HttpFilter } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpFilter.js'
import type { CelMatcher } from '#proto/xds/type/matcher/v3/CelMatcher.js'
import type { HttpAttributesCelMatchInput } from '#proto/xds/type/matcher/v3/HttpAttributesCelMatchInput.js'
import type {
  _xds_type_matcher_v3_Matcher_MatcherList_FieldMatcher as FieldMatcher,
  Matcher,
  _xds_type_matcher_v3_Matcher_OnMatch as OnMatch,
} from '#proto/xds/type/matcher/v3/Matcher.js'
import { packAny } from '../../xds/messages.js'
import { ATTEMPT } from '../names.js'
import type { Scripts } from '../scripts.js'
import { requestHeaderFilter, setHeader } from '../shared/header-mutation.js'

/*
 * Envoy's retry policies can't distinguish a connection that was closing from a backend that was killed by the request.
 * These filters can: they run for each attempt, when it is known whether there is a connection to reuse.
 */

const ATTEMPT_HEADER = 'x-cep-attempt'

/**
 * A connection that was closing fails within a round trip, plus a tenth of a second on a busy machine. After a longer
 * time the backend may have worked on the request.
 */
const LIMIT_MS = 300

/** The Envoy formats that {@link repeatFilter}'s script parses. */
const FORMAT =
  '%DURATION% %UPSTREAM_WIRE_BYTES_SENT% %UPSTREAM_WIRE_BYTES_RECEIVED% %UPSTREAM_CONNECTION_ID% %UPSTREAM_CLUSTER_RAW%'

/** The filter that refuses to retry a request unless its connection was closing. */
export function repeatFilter({ repeat, newConnection }: Pick<Scripts, 'repeat' | 'newConnection'>): HttpFilter {
  const attempt: Matcher = {
    matcher_list: { matchers: [when(IS_REPEAT, action(FACTS, script('repeat', repeat)))] },
    on_no_match: action(script('new_connection', newConnection)),
  }
  return {
    name: 'repeat',
    typed_config: packAny('envoy.extensions.common.matching.v3.ExtensionWithMatcher', {
      extension_config: {
        name: 'repeat',
        typed_config: packAny('envoy.extensions.filters.http.composite.v3.Composite', {} satisfies Composite),
      },
      xds_matcher: { matcher_list: { matchers: [when(NEEDS_SCRIPT, { matcher: attempt })] } },
    } satisfies ExtensionWithMatcher),
  }
}

/** Gives the script of a retry its facts. */
const FACTS = requestHeaderFilter('attempt', [setHeader(ATTEMPT_HEADER, FORMAT)])

function script(name: string, text: string): HttpFilter {
  const constants = [
    `local ATTEMPT_HEADER = "${ATTEMPT_HEADER}"`,
    `local LIMIT_MS = ${LIMIT_MS}`,
    `local NAMESPACE = "${ATTEMPT.namespace}"`,
    `local FAILURE = "${ATTEMPT.failure}"`,
  ]
  return {
    name,
    typed_config: packAny('envoy.extensions.filters.http.lua.v3.Lua', {
      default_source_code: { inline_string: [...constants, text].join('\n') },
    } satisfies Lua),
  }
}

function action(...filters: HttpFilter[]): OnMatch {
  const typed_config = packAny('envoy.extensions.filters.http.composite.v3.ExecuteFilterAction', {
    filter_chain: { typed_config: filters.map(extension) },
  } satisfies ExecuteFilterAction)
  return { action: { name: 'repeat', typed_config } }
}

function when(condition: Expr, on_match: OnMatch): FieldMatcher {
  const custom_match = {
    name: 'cel',
    typed_config: packAny('xds.type.matcher.v3.CelMatcher', {
      expr_match: { cel_expr_parsed: { expr: condition } },
    } satisfies CelMatcher),
  }
  return { predicate: { single_predicate: { input: INPUT, custom_match } }, on_match }
}

function extension({ name = '', typed_config }: HttpFilter): TypedExtensionConfig {
  return { name, typed_config: typed_config ?? null }
}

const INPUT = {
  name: 'attributes',
  typed_config: packAny('xds.type.matcher.v3.HttpAttributesCelMatchInput', {} satisfies HttpAttributesCelMatchInput),
}

function call(name: string, ...args: Expr[]): Expr {
  return { call_expr: { function: name, args } }
}

/** @param test whether the expression tests only if the field exists */
function upstream(field: string, test = false): Expr {
  return { select_expr: { operand: { ident_expr: { name: 'upstream' } }, field, test_only: test } }
}

const IS_REPEAT = call('_>_', upstream('request_attempt_count'), { const_expr: { uint64_value: 1 } })

/**
 * True if the attempt has no connection yet or is a retry. A first attempt that reuses a connection costs only this check.
 */
const NEEDS_SCRIPT = call('_||_', call('!_', upstream('cx_pool_ready_duration', true)), IS_REPEAT)
