import type { Cluster } from '#proto/envoy/config/cluster/v3/Cluster.js'
import type { KeepaliveSettings } from '#proto/envoy/config/core/v3/KeepaliveSettings.js'
import type { TcpKeepalive } from '#proto/envoy/config/core/v3/TcpKeepalive.js'

/*
 * A peer that is gone without a word (a laptop shut, a node without power, a firewall that forgot) sends nothing that
 * would end its connections, and what they hold would be held for ever. One that is silent for a minute is asked, four
 * times in another minute. Unix sockets need none of this: the kernel knows both ends.
 */

const QUIET_SECONDS = 60
const PROBE_SECONDS = 15
const PROBES = 4
const GONE_SECONDS = QUIET_SECONDS + PROBES * PROBE_SECONDS

/** The kernel asks. */
export const TCP_KEEPALIVE: TcpKeepalive = {
  keepalive_time: { value: QUIET_SECONDS },
  keepalive_interval: { value: PROBE_SECONDS },
  keepalive_probes: { value: PROBES },
}

/** The same as JSON. */
export const TCP_KEEPALIVE_JSON = {
  keepalive_time: QUIET_SECONDS,
  keepalive_interval: PROBE_SECONDS,
  keepalive_probes: PROBES,
}

/** The same by HTTP/2 itself, which also sees a peer whose kernel still answers, or a proxy in between that does. */
export const HTTP2_KEEPALIVE: KeepaliveSettings = {
  interval: { seconds: QUIET_SECONDS },
  timeout: { seconds: GONE_SECONDS - QUIET_SECONDS },
}

const IPPROTO_TCP = 6
const TCP_USER_TIMEOUT = 18

/**
 * Of connections to targets over TCP. The kernel doesn't ask while it has bytes to send again, and would try that for
 * 15 minutes; nor may it take longer than this. It counts a target that reads nothing at all as gone too, so the time
 * mustn't be much shorter: a busy server may take none of an upload for a while.
 */
export const TARGET_KEEPALIVE: Pick<Cluster, 'upstream_connection_options' | 'upstream_bind_config'> = {
  upstream_connection_options: { tcp_keepalive: TCP_KEEPALIVE },
  upstream_bind_config: {
    socket_options: [
      {
        description: 'TCP_USER_TIMEOUT',
        level: IPPROTO_TCP,
        name: TCP_USER_TIMEOUT,
        int_value: GONE_SECONDS * 1000,
      },
    ],
  },
}
