import type { HeaderMatcher } from '#proto/envoy/config/route/v3/HeaderMatcher.js'
import type { RetryPolicy } from '#proto/envoy/config/route/v3/RetryPolicy.js'
import type { Route } from '#proto/envoy/config/route/v3/Route.js'
import type { Config } from '#proto/envoy/extensions/filters/http/set_filter_state/v3/Config.js'
import type { HttpFilter } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpFilter.js'
import { any } from '../proto.js'

/*
 * A backend may close an idle connection at the very moment a request arrives on it. What was sent is then lost without
 * a trace of whether it was read. A request that is safe to send twice is sent again; any other travels on a new
 * connection of its own, where nothing can be closing yet. (A new one for every request costs 60 % of the rate.)
 */

const FILTER = 'own_connection'
const CONFIG = 'envoy.extensions.filters.http.set_filter_state.v3.Config'

/** Methods that change nothing by definition (RFC 9110, 9.2.1), a websocket's handshake included. */
export const SAFE_METHOD: HeaderMatcher = {
  name: ':method',
  string_match: { safe_regex: { regex: 'GET|HEAD|OPTIONS' } },
}

/**
 * Again, and a second time if the next idle connection is closing too, unless any part of a response has come. The
 * pause lets Envoy notice what else the backend has closed meanwhile.
 */
export const RETRY_ON_RESET: RetryPolicy = {
  retry_on: 'reset',
  num_retries: { value: 2 },
  retry_back_off: { base_interval: { nanos: 1_000_000 } },
}

/** The filter that {@link ON_OWN_CONNECTION} configures for a route; without that it does nothing. */
export const OWN_CONNECTION_FILTER: HttpFilter = { name: FILTER, typed_config: any(CONFIG, {} satisfies Config) }

/**
 * Has a route's requests each open a connection. Envoy pools connections by the hash of such filter state, so a value
 * that no other request has is a pool for one; the backend is asked to close, or they would stay idle for seconds.
 */
export const ON_OWN_CONNECTION: Pick<Route, 'typed_per_filter_config' | 'request_headers_to_add'> = {
  typed_per_filter_config: {
    [FILTER]: any(CONFIG, {
      on_request_headers: [
        {
          object_key: FILTER,
          factory_key: 'envoy.hashable_string',
          shared_with_upstream: 'ONCE',
          format_string: { text_format_source: { inline_string: '%CONNECTION_ID% %START_TIME(%s.%9f)%' } },
        },
      ],
    } satisfies Config),
  },
  request_headers_to_add: [
    { header: { key: 'connection', value: 'close' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
  ],
}
