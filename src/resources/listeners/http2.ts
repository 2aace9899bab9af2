import type { Http2ProtocolOptions } from '#proto/envoy/config/core/v3/Http2ProtocolOptions.js'
import { requestHeaderFilter, setHeader } from '../shared/header-mutation.js'
import { HTTP2_KEEPALIVE } from '../shared/keepalive.js'

const MIB = 1024 * 1024

/** How many streams one HTTP/2 connection, and so one browser, may have, and how much it may keep in Envoy's memory. */
export const HTTP2_OPTIONS: Http2ProtocolOptions = {
  // A client can't fill a route with one connection. Further requests wait in the browser.
  max_concurrent_streams: { value: 100 },
  // How much of an upload may be in flight: with less, browsers 150 ms away send slower than over HTTP/1.1. Data that a
  // backend doesn't read waits in Envoy; `overloadManager` ends the streams that have the most.
  initial_stream_window_size: { value: 4 * MIB },
  initial_connection_window_size: { value: 8 * MIB },
  // Websockets (RFC 8441): browsers open them within this connection. docs/tls.md has the reasons.
  allow_connect: true,
  connection_keepalive: HTTP2_KEEPALIVE,
  // A malformed request ends alone; by default Envoy would close its connection with all other requests.
  override_stream_error_on_invalid_http_message: { value: true },
}

/**
 * A websocket over HTTP/2 has no key, but a backend, which speaks HTTP/1.1, requires one, and Envoy doesn't make any.
 * The client doesn't check the backend's answer to it, so one key serves all: 16 bytes in base64.
 */
export const WEBSOCKET_KEY = requestHeaderFilter('websocket_key', [
  setHeader('sec-websocket-key', Buffer.from('websocket-over-2').toString('base64'), 'ADD_IF_ABSENT'),
])
