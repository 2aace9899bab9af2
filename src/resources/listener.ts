import type { Address } from '#proto/envoy/config/core/v3/Address.js'
import type { TransportSocket } from '#proto/envoy/config/core/v3/TransportSocket.js'
import type { Listener } from '#proto/envoy/config/listener/v3/Listener.js'
import type { Router } from '#proto/envoy/extensions/filters/http/router/v3/Router.js'
import type { HttpConnectionManager } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpConnectionManager.js'
import type { DownstreamTlsContext } from '#proto/envoy/extensions/transport_sockets/tls/v3/DownstreamTlsContext.js'
import { any } from '../proto.js'
import { activityLog } from './activity.js'
import { PRESERVE_HEADER_CASE } from './cluster.js'
import { OWN_CONNECTION_FILTER } from './connection-reuse.js'
import { PUBLIC } from './names.js'

/** A certificate and its key, in PEM. */
export interface Certificate {
  readonly chain: Buffer
  readonly key: Buffer
  readonly passphrase?: string
}

export interface PublicListenerInput {
  /** An IP address; `::` takes IPv4 too. */
  readonly ip: string
  readonly port: number
  readonly certificate?: Certificate
}

const NEVER = { seconds: 0 }

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
              connectionManager(),
            ),
          },
        ],
        ...(input.certificate === undefined ? {} : { transport_socket: tlsTransport(input.certificate) }),
      },
    ],
  }
}

function listenAddress(ip: string, port: number): Address {
  return { socket_address: { address: ip, port_value: port, ...(ip === '::' ? { ipv4_compat: true } : {}) } }
}

function connectionManager(): HttpConnectionManager {
  return {
    stat_prefix: PUBLIC,
    rds: {
      route_config_name: PUBLIC,
      config_source: { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: NEVER },
    },
    http_filters: [
      OWN_CONNECTION_FILTER,
      {
        name: 'router',
        typed_config: any('envoy.extensions.filters.http.router.v3.Router', {
          suppress_envoy_headers: true,
        } satisfies Router),
      },
    ],
    http_protocol_options: {
      accept_http_10: true,
      // HTTP/1.0 has requests without a Host header; Envoy serves none without.
      default_host_for_http_10: 'localhost',
      header_key_format: PRESERVE_HEADER_CASE,
    },
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    // Envoy would end a websocket that is idle for 5 minutes; CHP never does.
    stream_idle_timeout: NEVER,
    request_timeout: NEVER,
    // No headers of Envoy's own: the backend and the browser see what they would see through CHP.
    generate_request_id: { value: false },
    server_header_transformation: 'PASS_THROUGH',
    ...activityLog(),
  }
}

function tlsTransport(certificate: Certificate): TransportSocket {
  return {
    name: 'tls',
    typed_config: any('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
      common_tls_context: {
        alpn_protocols: ['http/1.1'],
        tls_certificates: [
          {
            certificate_chain: { inline_bytes: certificate.chain },
            private_key: { inline_bytes: certificate.key },
            ...(certificate.passphrase === undefined ? {} : { password: { inline_string: certificate.passphrase } }),
          },
        ],
      },
    } satisfies DownstreamTlsContext),
  }
}
