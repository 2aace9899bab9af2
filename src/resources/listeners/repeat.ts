import type { Expr } from '#proto/cel/expr/Expr.js'
import type { TypedExtensionConfig } from '#proto/envoy/config/core/v3/TypedExtensionConfig.js'
import type { VirtualHost } from '#proto/envoy/config/route/v3/VirtualHost.js'
import type { ExtensionWithMatcher } from '#proto/envoy/extensions/common/matching/v3/ExtensionWithMatcher.js'
import type { Composite } from '#proto/envoy/extensions/filters/http/composite/v3/Composite.js'
import type { ExecuteFilterAction } from '#proto/envoy/extensions/filters/http/composite/v3/ExecuteFilterAction.js'
import type { Lua } from '#proto/envoy/extensions/filters/http/lua/v3/Lua.js'
import type { HttpFilter } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpFilter.js'
import type { HttpRequestHeaderMatchInput } from '#proto/envoy/type/matcher/v3/HttpRequestHeaderMatchInput.js'
import type { CelMatcher } from '#proto/xds/type/matcher/v3/CelMatcher.js'
import type { HttpAttributesCelMatchInput } from '#proto/xds/type/matcher/v3/HttpAttributesCelMatchInput.js'
import type {
  _xds_type_matcher_v3_Matcher_OnMatch as OnMatch,
  _xds_type_matcher_v3_Matcher_MatcherList_Predicate as Predicate,
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

/** Envoy adds it to retries, and only to them. A client's own has been removed. */
const RETRY_HEADER = 'x-envoy-is-timeout-retry'

/** Makes a virtual host add it. The script of a retry removes it again. */
export const MARK_RETRIES: Pick<VirtualHost, 'include_is_timeout_retry_header'> = {
  include_is_timeout_retry_header: true,
}

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
  const onRetry = action(FACTS, script('repeat', repeat))
  const onNewConnection = action(script('new_connection', newConnection))
  return {
    name: 'repeat',
    typed_config: packAny('envoy.extensions.common.matching.v3.ExtensionWithMatcher', {
      extension_config: {
        name: 'repeat',
        typed_config: packAny('envoy.extensions.filters.http.composite.v3.Composite', {} satisfies Composite),
      },
      xds_matcher: {
        matcher_list: {
          matchers: [
            { predicate: IS_RETRY, on_match: onRetry },
            { predicate: IS_NEW_CONNECTION, on_match: onNewConnection },
          ],
        },
      },
    } satisfies ExtensionWithMatcher),
  }
}

/** Gives the script of a retry its facts. */
const FACTS = requestHeaderFilter('attempt', [setHeader(ATTEMPT_HEADER, FORMAT)])

function script(name: string, text: string): HttpFilter {
  const constants = [
    `local ATTEMPT_HEADER = "${ATTEMPT_HEADER}"`,
    `local RETRY_HEADER = "${RETRY_HEADER}"`,
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

function extension({ name = '', typed_config }: HttpFilter): TypedExtensionConfig {
  return { name, typed_config: typed_config ?? null }
}

/** An expression would take ten times as long as this. */
const IS_RETRY: Predicate = {
  single_predicate: {
    input: {
      name: 'retry',
      typed_config: packAny('envoy.type.matcher.v3.HttpRequestHeaderMatchInput', {
        header_name: RETRY_HEADER,
      } satisfies HttpRequestHeaderMatchInput),
    },
    // That the previous attempt had a timeout of its own, which there is none here.
    value_match: { exact: 'false' },
  },
}

/** Whether a first attempt has no connection yet. One that reuses a connection costs only this check. */
const IS_NEW_CONNECTION: Predicate = {
  single_predicate: {
    input: {
      name: 'attributes',
      typed_config: packAny(
        'xds.type.matcher.v3.HttpAttributesCelMatchInput',
        {} satisfies HttpAttributesCelMatchInput,
      ),
    },
    custom_match: {
      name: 'cel',
      typed_config: packAny('xds.type.matcher.v3.CelMatcher', {
        expr_match: { cel_expr_parsed: { expr: hasNoConnection() } },
      } satisfies CelMatcher),
    },
  },
}

/** `!has(upstream.cx_pool_ready_duration)` */
function hasNoConnection(): Expr {
  const upstream: Expr = { ident_expr: { name: 'upstream' } }
  const has: Expr = { select_expr: { operand: upstream, field: 'cx_pool_ready_duration', test_only: true } }
  return { call_expr: { function: '!_', args: [has] } }
}
