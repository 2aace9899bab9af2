import type { Address } from '#proto/envoy/config/core/v3/Address.js'
import type { TransportSocket } from '#proto/envoy/config/core/v3/TransportSocket.js'
import type { Listener } from '#proto/envoy/config/listener/v3/Listener.js'
import { any } from '../proto.js'
import type { ConnectionManagerInput } from './connection-manager.js'
import { connectionManager } from './connection-manager.js'
import { PUBLIC } from './names.js'

export interface PublicListenerInput extends Omit<ConnectionManagerInput, 'encrypted'> {
  /** An IP address; `::` takes IPv4 too. */
  readonly ip: string
  readonly port: number
  /** Undefined for plain HTTP. */
  readonly transport?: TransportSocket
}

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
              connectionManager({ ...input, encrypted: input.transport !== undefined }),
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
