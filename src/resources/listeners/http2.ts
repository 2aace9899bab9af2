import type { Http2ProtocolOptions } from '#proto/envoy/config/core/v3/Http2ProtocolOptions.js'
import { requestHeaderFilter, setHeader } from '../shared/header-mutation.js'
import { HTTP2_KEEPALIVE } from '../shared/keepalive.js'

const MIB = 1024 * 1024

/** What one HTTP/2 connection, and so one browser, may have under way and have Envoy keep in memory. */
export const HTTP2_OPTIONS: Http2ProtocolOptions = {
  // One client can't fill a route by one connection. What has no place yet waits in the browser.
  max_concurrent_streams: { value: 100 },
  // How much of an upload is on its way at a time: with less, browsers 150 ms away send slower than over HTTP/1.1. What
  // a backend doesn't take waits in Envoy; `overloadManager` ends the streams that hold the most.
  initial_stream_window_size: { value: 4 * MIB },
  initial_connection_window_size: { value: 8 * MIB },
  // Websockets (RFC 8441): a browser that has such a connection opens them in it. docs/tls.md has the reasons.
  allow_connect: true,
  connection_keepalive: HTTP2_KEEPALIVE,
  // A malformed request ends alone; by default it would take all others on its connection with it.
  override_stream_error_on_invalid_http_message: { value: true },
}

/**
 * A websocket over HTTP/2 has no key, but a backend, which speaks HTTP/1.1, refuses one without, and Envoy doesn't make
 * any. What the backend answers to it is nothing that the client looks at, so one key serves all: 16 bytes in base64.
 */
export const WEBSOCKET_KEY = requestHeaderFilter('websocket_key', [
  setHeader('sec-websocket-key', Buffer.from('websocket-over-2').toString('base64'), 'ADD_IF_ABSENT'),
])
