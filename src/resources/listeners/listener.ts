import type { Address } from '#proto/envoy/config/core/v3/Address.js'
import type { TransportSocket } from '#proto/envoy/config/core/v3/TransportSocket.js'
import type { Listener } from '#proto/envoy/config/listener/v3/Listener.js'
import type { HttpConnectionManager } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpConnectionManager.js'
import type { ListenAddress } from '../../platform/address.js'
import type { Limits } from '../../settings/limits.js'
import { packAny } from '../../xds/messages.js'
import { PUBLIC } from '../names.js'
import { TCP_KEEPALIVE } from '../shared/keepalive.js'
import { filterChainLimits, listenerLimits } from '../shared/limits.js'
import type { ConnectionManagerInput } from './connection-manager.js'
import { connectionManager } from './connection-manager.js'

export interface PublicListenerInput extends Omit<ConnectionManagerInput, 'encrypted' | 'networked'> {
  /** With an IP address, or a unix socket. */
  readonly address: ListenAddress
  /** Undefined for plain HTTP. */
  readonly transport?: TransportSocket
  /** The generation of the Envoys that it is for; see {@link GENERATION}. */
  readonly generation: number
}

/** The listener that users connect to. */
export function publicListener({
  address,
  transport,
  generation,
  ...input
}: PublicListenerInput): Listener & { name: string } {
  const networked = !('socketPath' in address)
  const manager = connectionManager({ ...input, encrypted: transport !== undefined, networked })
  return httpListener({
    name: PUBLIC,
    address,
    manager,
    limits: input.limits,
    generation,
    ...(transport && { transport }),
  })
}

export interface HttpListenerInput {
  readonly name: string
  readonly address: ListenAddress
  readonly manager: HttpConnectionManager
  readonly limits: Limits
  readonly transport?: TransportSocket
  readonly generation: number
}

/** The first generation whose listeners have sockets with keepalive. */
const WITH_KEEPALIVE = 2

/** A listener that speaks HTTP. */
export function httpListener({
  name,
  address,
  manager,
  limits,
  transport,
  generation,
}: HttpListenerInput): Listener & { name: string } {
  const type = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'
  return {
    name,
    address: envoyAddress(address),
    // One socket for all workers. With a socket each (SO_REUSEPORT), any process of the same user could listen on the
    // same port and get a share of the connections.
    enable_reuse_port: { value: false },
    ...('socketPath' in address || generation < WITH_KEEPALIVE ? {} : { tcp_keepalive: TCP_KEEPALIVE }),
    ...listenerLimits(limits),
    filter_chains: [
      {
        filters: [{ name: 'http', typed_config: packAny(type, manager) }],
        ...filterChainLimits(limits),
        ...(transport === undefined ? {} : { transport_socket: transport }),
      },
    ],
  }
}

/** `::` accepts IPv4 too. The mode of a socket's file follows the umask, as in CHP. */
function envoyAddress(address: ListenAddress): Address {
  if ('socketPath' in address) return { pipe: { path: address.socketPath } }
  const { host, port } = address
  return { socket_address: { address: host, port_value: port, ...(host === '::' ? { ipv4_compat: true } : {}) } }
}
