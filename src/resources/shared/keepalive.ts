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
/** After so many seconds of silence a peer is gone. */
export const GONE_SECONDS = QUIET_SECONDS + PROBES * PROBE_SECONDS

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
