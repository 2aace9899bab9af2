import type { KeepaliveSettings } from '#proto/envoy/config/core/v3/KeepaliveSettings.js'
import type { TcpKeepalive } from '#proto/envoy/config/core/v3/TcpKeepalive.js'

/*
 * A peer that disappears (a shut laptop, a node without power, a firewall that lost its state) doesn't close its
 * connections, whose resources would never be freed. So a peer that is silent for a minute is probed four times within
 * another minute. Unix sockets don't need this: the kernel knows both ends.
 */

const QUIET_SECONDS = 60
const PROBE_SECONDS = 15
const PROBES = 4
/** A peer that is silent for this long is considered gone. */
export const GONE_SECONDS = QUIET_SECONDS + PROBES * PROBE_SECONDS

/** Probes by the kernel. */
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

/**
 * The same with HTTP/2 pings, which also detect a peer of which only the kernel, or a proxy in between, still answers.
 */
export const HTTP2_KEEPALIVE: KeepaliveSettings = {
  interval: { seconds: QUIET_SECONDS },
  timeout: { seconds: GONE_SECONDS - QUIET_SECONDS },
}
