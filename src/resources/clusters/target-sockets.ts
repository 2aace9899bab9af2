import type { Cluster } from '#proto/envoy/config/cluster/v3/Cluster.js'
import type { SocketOption } from '#proto/envoy/config/core/v3/SocketOption.js'
import { GONE_SECONDS, TCP_KEEPALIVE } from '../shared/keepalive.js'

const IPPROTO_TCP = 6

/**
 * The kernel doesn't ask a silent target while it has bytes to send again, and would try that for 15 minutes; nor may it
 * take longer than this. It counts a target that reads nothing at all as gone too, so the time mustn't be much shorter: a
 * busy server may take none of an upload for a while.
 */
const TCP_USER_TIMEOUT: SocketOption = {
  description: 'TCP_USER_TIMEOUT',
  level: IPPROTO_TCP,
  name: 18,
  int_value: GONE_SECONDS * 1000,
}

/**
 * Who closes a connection first holds its port for a minute (TIME_WAIT), and that is Envoy, which closes what is idle
 * sooner than any server. With this the port is free as soon as the target's kernel has all that was sent and the end of
 * it. Closing by a reset (SO_LINGER) would free it too, and lose what is still on its way.
 */
const TCP_LINGER2: SocketOption = { description: 'TCP_LINGER2', level: IPPROTO_TCP, name: 8, int_value: -1 }

/** What the kernel is told of connections to targets over TCP. */
export const TARGET_SOCKETS: Pick<Cluster, 'upstream_connection_options' | 'upstream_bind_config'> = {
  upstream_connection_options: { tcp_keepalive: TCP_KEEPALIVE },
  upstream_bind_config: { socket_options: [TCP_USER_TIMEOUT, TCP_LINGER2] },
}
