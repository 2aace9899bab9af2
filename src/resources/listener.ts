import type { Address } from '#proto/envoy/config/core/v3/Address.js'
import type { TransportSocket } from '#proto/envoy/config/core/v3/TransportSocket.js'
import type { Listener } from '#proto/envoy/config/listener/v3/Listener.js'
import type { Router } from '#proto/envoy/extensions/filters/http/router/v3/Router.js'
import type { HttpConnectionManager } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpConnectionManager.js'
import type { HttpFilter } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpFilter.js'
import { any } from '../proto.js'
import { activityLog } from './activity.js'
import { MAX_HEADERS, PRESERVE_HEADER_CASE } from './cluster.js'
import { OWN_CONNECTION_FILTER } from './connection-reuse.js'
import { errorTargetFilters } from './error-target.js'
import { HTTP2_OPTIONS, WEBSOCKET_KEY } from './http2.js'
import type { ErrorPages } from './local-replies.js'
import { localReplies } from './local-replies.js'
import { PUBLIC } from './names.js'

export interface PublicListenerInput {
  /** An IP address; `::` takes IPv4 too. */
  readonly ip: string
  readonly port: number
  /** Undefined for plain HTTP. */
  readonly transport?: TransportSocket
  readonly errorPages: ErrorPages
}

const NEVER = { seconds: 0 }

/** What every request goes through. */
const FILTERS: HttpFilter[] = [
  OWN_CONNECTION_FILTER,
  {
    name: 'router',
    typed_config: any('envoy.extensions.filters.http.router.v3.Router', {
      suppress_envoy_headers: true,
    } satisfies Router),
  },
]

/** The listener that users connect to. */
export function publicListener(input: PublicListenerInput): Listener & { name: string } {
  return {
    name: PUBLIC,
    address: listenAddress(input.ip, input.port),
    // One socket for all workers. With a socket each (SO_REUSEPORT) any process of the same user could listen on the
    // port beside Envoy and take a share of its connections.
    enable_reuse_port: { value: false },
    filter_chains: [
      {
        filters: [
          {
            name: 'http',
            typed_config: any(
              'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
              connectionManager(input.errorPages),
            ),
          },
        ],
        ...(input.transport === undefined ? {} : { transport_socket: input.transport }),
      },
    ],
  }
}

function listenAddress(ip: string, port: number): Address {
  return { socket_address: { address: ip, port_value: port, ...(ip === '::' ? { ipv4_compat: true } : {}) } }
}

function connectionManager(errorPages: ErrorPages): HttpConnectionManager {
  return {
    stat_prefix: PUBLIC,
    rds: {
      route_config_name: PUBLIC,
      config_source: { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: NEVER },
    },
    http_filters: [...(errorPages.target === undefined ? [] : errorTargetFilters(errorPages.target)), ...FILTERS],
    http_protocol_options: {
      accept_http_10: true,
      // HTTP/1.0 has requests without a Host header; Envoy serves none without.
      default_host_for_http_10: 'localhost',
      header_key_format: PRESERVE_HEADER_CASE,
    },
    http2_protocol_options: HTTP2_OPTIONS,
    upgrade_configs: [{ upgrade_type: 'websocket', filters: [WEBSOCKET_KEY, ...FILTERS] }],
    common_http_protocol_options: { max_headers_count: MAX_HEADERS },
    // Envoy would end a websocket that is idle for 5 minutes; CHP never does.
    stream_idle_timeout: NEVER,
    request_timeout: NEVER,
    // No headers of Envoy's own: the backend and the browser see what they would see through CHP.
    generate_request_id: { value: false },
    server_header_transformation: 'PASS_THROUGH',
    local_reply_config: localReplies(errorPages),
    ...activityLog(),
  }
}
