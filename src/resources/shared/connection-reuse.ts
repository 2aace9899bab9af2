import type { HeaderMatcher } from '#proto/envoy/config/route/v3/HeaderMatcher.js'
import type { RetryPolicy } from '#proto/envoy/config/route/v3/RetryPolicy.js'
import type { Config } from '#proto/envoy/extensions/filters/http/set_filter_state/v3/Config.js'
import type { HttpFilter } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpFilter.js'
import { packAny } from '../../xds/messages.js'

/*
 * A backend may close an idle connection at the moment a request arrives on it. Then nobody can tell whether it has
 * read the request. So a connection is reused only while requests follow each other, when reuse saves most (a new
 * connection for each request costs 60 % of the rate): no server closes a connection that was used a moment ago, unless
 * the server ends. Requests that are safe to send twice are retried even then.
 */

/** Connections to targets that have been idle for this long, in milliseconds, are closed. */
export const TARGET_IDLE_MS = 100

/** Methods that change nothing by definition (RFC 9110, 9.2.1). */
export const SAFE_METHOD: HeaderMatcher = {
  name: ':method',
  string_match: { safe_regex: { regex: 'GET|HEAD|OPTIONS' } },
}

/**
 * Retries once, and a second time if the next idle connection is closing too, unless a part of a response has arrived;
 * {@link repeatFilter} may refuse a retry. The back-off lets Envoy notice other connections that the backend has
 * closed.
 */
export const RETRY_ON_RESET: RetryPolicy = {
  retry_on: 'reset',
  num_retries: { value: 2 },
  retry_back_off: { base_interval: { nanos: 1_000_000 } },
}

/**
 * Gives each websocket a new connection, which can't be closing; {@link repeatFilter} doesn't see upgrades. Envoy pools
 * connections by the hash of such filter state, so a unique value makes a pool for one request.
 */
export const OWN_CONNECTION: HttpFilter = {
  name: 'own_connection',
  typed_config: packAny('envoy.extensions.filters.http.set_filter_state.v3.Config', {
    on_request_headers: [
      {
        object_key: 'own_connection',
        factory_key: 'envoy.hashable_string',
        shared_with_upstream: 'ONCE',
        format_string: { text_format_source: { inline_string: '%CONNECTION_ID% %START_TIME(%s.%9f)%' } },
      },
    ],
  } satisfies Config),
}
