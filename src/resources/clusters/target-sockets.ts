import type { Cluster } from '#proto/envoy/config/cluster/v3/Cluster.js'
import type { SocketOption } from '#proto/envoy/config/core/v3/SocketOption.js'
import { GONE_SECONDS, TCP_KEEPALIVE } from '../shared/keepalive.js'

const IPPROTO_TCP = 6

/**
 * While the kernel retransmits, it sends no keepalive probes, and it would retransmit for 15 minutes. This limits that.
 * It also applies to a target that reads nothing, so it must not be much shorter: a busy server may not read an upload
 * for a while.
 */
const TCP_USER_TIMEOUT: SocketOption = {
  description: 'TCP_USER_TIMEOUT',
  level: IPPROTO_TCP,
  name: 18,
  int_value: GONE_SECONDS * 1000,
}

/**
 * The side that closes a connection first keeps its port for a minute (TIME_WAIT). That is Envoy, which closes idle
 * connections sooner than any server. With this option the port is free as soon as the target's kernel has acknowledged
 * all data and the FIN. Closing with a reset (SO_LINGER) would free it too, but lose data in flight.
 */
const TCP_LINGER2: SocketOption = { description: 'TCP_LINGER2', level: IPPROTO_TCP, name: 8, int_value: -1 }

/** Socket options of TCP connections to targets. */
export const TARGET_SOCKETS: Pick<Cluster, 'upstream_connection_options' | 'upstream_bind_config'> = {
  upstream_connection_options: { tcp_keepalive: TCP_KEEPALIVE },
  upstream_bind_config: { socket_options: [TCP_USER_TIMEOUT, TCP_LINGER2] },
}
