import type { CircuitBreakers } from '#proto/envoy/config/cluster/v3/CircuitBreakers.js'
import type { FilterChain } from '#proto/envoy/config/listener/v3/FilterChain.js'
import type { Listener } from '#proto/envoy/config/listener/v3/Listener.js'
import type { HttpInspector } from '#proto/envoy/extensions/filters/listener/http_inspector/v3/HttpInspector.js'
import type { HttpConnectionManager } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpConnectionManager.js'
import type { Duration } from '#proto/google/protobuf/Duration.js'
import type { Limits } from '../../settings/limits.js'
import { any, duration } from '../../xds/messages.js'

/*
 * What one client or one route may hold. docs/limits.md has the reasons; `overloadManager` has what holds for Envoy as a
 * whole.
 */

/**
 * How many bytes wait in Envoy for a peer that doesn't take them, in each direction, before the other side is no longer
 * read. Envoy's default is 1 MiB.
 */
export const BUFFER_BYTES = { value: 64 * 1024 }

/** Of a timeout: none. */
export const NEVER: Duration = { seconds: 0 }

/** A client that has sent no complete headers by then is closed, as by Node.js. */
const HEADERS_TIMEOUT_MS = 60_000

/**
 * For how long a request or websocket may be without a byte: for ever, as in CHP. As a number, since `overloadManager`
 * can shorten it only if there is one.
 */
export const IDLE_FOR_EVER = { seconds: 365 * 24 * 3600 }

/**
 * For how long the rest of an answer over HTTP/2, which has come whole from the backend, waits for a client that doesn't
 * read it: long enough for a laptop that was shut for a while.
 */
export const FLUSH_TIMEOUT = { seconds: 15 * 60 }

/**
 * For how long a request that isn't all there may be without a byte: as long as its headers may take. Who sends something
 * never pauses for a minute.
 *
 * @param idleTimeoutMs what the operator allows any request, if that has an end
 */
export function unfinishedIdle(limits: Limits, idleTimeoutMs = Number.POSITIVE_INFINITY): Duration {
  return duration(Math.min(headersTimeout(limits), idleTimeoutMs))
}

/** What ends a request without a body comes with its headers, or right behind them. */
const BODILESS_IDLE_MS = 4_000

/** For how long a request may be without a byte that should have no body, and isn't all there. */
export function bodilessIdle(limits: Limits): Duration {
  return duration(Math.min(headersTimeout(limits), BODILESS_IDLE_MS))
}

/** Envoy's default is 1,024; its fields of this kind have no "none". */
const NO_LIMIT = 2 ** 32 - 1

/** Envoy counts what it has under way to a cluster by priority; it means nothing else. */
export const UPLOAD_PRIORITY = 'HIGH'

/** Closes connections that never send anything, whether TLS or not: the inspector waits for the first bytes. */
export function listenerLimits(
  limits: Limits,
): Pick<Listener, 'per_connection_buffer_limit_bytes' | 'listener_filters' | 'listener_filters_timeout'> {
  return {
    per_connection_buffer_limit_bytes: BUFFER_BYTES,
    listener_filters: [
      {
        name: 'first_bytes',
        typed_config: any(
          'envoy.extensions.filters.listener.http_inspector.v3.HttpInspector',
          {} satisfies HttpInspector,
        ),
      },
    ],
    listener_filters_timeout: duration(headersTimeout(limits)),
  }
}

/** Closes connections that begin TLS and don't end its handshake. */
export function filterChainLimits(limits: Limits): Pick<FilterChain, 'transport_socket_connect_timeout'> {
  return { transport_socket_connect_timeout: duration(headersTimeout(limits)) }
}

/** Slow headers, and slow bodies: both timers end with the request's last byte, so no answer is ever cut short. */
export function connectionManagerLimits(
  limits: Limits,
): Pick<HttpConnectionManager, 'request_headers_timeout' | 'request_timeout'> {
  return {
    request_headers_timeout: duration(headersTimeout(limits)),
    request_timeout: duration(limits.requestTimeoutMs),
  }
}

/**
 * How much a route may have under way: so many requests and websockets, and besides so many uploads, whose number is
 * their client's choice alone and so must not keep out the others. Envoy counts requests when they get a connection, so one too many is refused as
 * soon as it has one. Connections have no limit of their own: each is opened for a request, and at a limit a request
 * would wait for a connection of its own worker, maybe for ever, while another worker's are idle. All requests may have
 * met a connection that was closing, as when a backend closes its idle ones together; Envoy would repeat three of them.
 */
export function routeLimits({ maxRequestsPerRoute }: Limits): CircuitBreakers {
  const most = {
    max_requests: { value: maxRequestsPerRoute },
    max_connections: { value: NO_LIMIT },
    max_pending_requests: { value: maxRequestsPerRoute },
    max_retries: { value: maxRequestsPerRoute },
  }
  return { thresholds: [most, { ...most, priority: UPLOAD_PRIORITY }] }
}

function headersTimeout({ requestTimeoutMs }: Limits): number {
  return requestTimeoutMs === 0 ? HEADERS_TIMEOUT_MS : Math.min(HEADERS_TIMEOUT_MS, requestTimeoutMs)
}
