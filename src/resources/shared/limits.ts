import type { CircuitBreakers } from '#proto/envoy/config/cluster/v3/CircuitBreakers.js'
import type { FilterChain } from '#proto/envoy/config/listener/v3/FilterChain.js'
import type { Listener } from '#proto/envoy/config/listener/v3/Listener.js'
import type { HttpInspector } from '#proto/envoy/extensions/filters/listener/http_inspector/v3/HttpInspector.js'
import type { HttpConnectionManager } from '#proto/envoy/extensions/filters/network/http_connection_manager/v3/HttpConnectionManager.js'
import type { Duration } from '#proto/google/protobuf/Duration.js'
import type { Limits } from '../../settings/limits.js'
import { duration, packAny } from '../../xds/messages.js'

/*
 * Limits of one client or one route. docs/limits.md has the reasons; `overloadManager` has the limits of Envoy as a
 * whole.
 */

/**
 * How many bytes Envoy buffers for a peer that doesn't read, in each direction, before it stops reading from the other
 * side. Envoy's default is 1 MiB. With half of this, large uploads take a third more
 * of the processor, and downloads a quarter.
 */
export const BUFFER_BYTES = { value: 128 * 1024 }

/** No timeout. */
export const NEVER: Duration = { seconds: 0 }

/** How long a client may take to send complete headers, as in Node.js. */
const HEADERS_TIMEOUT_MS = 60_000

/**
 * Idle timeout of requests and websockets: effectively none, as in CHP; a finite value because `overloadManager` can't
 * shorten "none".
 */
export const NEVER_IDLE = { seconds: 365 * 24 * 3600 }

/**
 * How long the rest of an answer over HTTP/2, which the backend has sent completely, waits for a client that doesn't
 * read it: long enough for a laptop that was shut for a while.
 */
export const FLUSH_TIMEOUT = { seconds: 15 * 60 }

/**
 * Idle timeout of an unfinished request: as long as its headers may take. A client that sends a request never pauses
 * for a minute.
 *
 * @param idleTimeoutMs the operator's timeout for any request, if set
 */
export function unfinishedIdle(limits: Limits, idleTimeoutMs = Number.POSITIVE_INFINITY): Duration {
  return duration(Math.min(headersTimeout(limits), idleTimeoutMs))
}

/** The end of a request without a body arrives with its headers, or right after them. */
const BODILESS_IDLE_MS = 4_000

/** Idle timeout of an unfinished request that should have no body. */
export function bodilessIdle(limits: Limits): Duration {
  return duration(Math.min(headersTimeout(limits), BODILESS_IDLE_MS))
}

/** Envoy's default is 1,024; these fields have no value for "no limit". */
const NO_LIMIT = 2 ** 32 - 1

/** Uploads have another priority so that Envoy counts them apart; it has no other effect here. */
export const UPLOAD_PRIORITY = 'HIGH'

/** Closes connections that never send anything, with or without TLS: the inspector waits for the first bytes. */
export function listenerLimits(
  limits: Limits,
): Pick<Listener, 'per_connection_buffer_limit_bytes' | 'listener_filters' | 'listener_filters_timeout'> {
  return {
    per_connection_buffer_limit_bytes: BUFFER_BYTES,
    listener_filters: [
      {
        name: 'first_bytes',
        typed_config: packAny(
          'envoy.extensions.filters.listener.http_inspector.v3.HttpInspector',
          {} satisfies HttpInspector,
        ),
      },
    ],
    listener_filters_timeout: duration(headersTimeout(limits)),
  }
}

/** Closes connections that don't complete the TLS handshake. */
export function filterChainLimits(limits: Limits): Pick<FilterChain, 'transport_socket_connect_timeout'> {
  return { transport_socket_connect_timeout: duration(headersTimeout(limits)) }
}

/**
 * Limits slow headers and bodies, so that no answer is cut off: once the headers are complete, the idle timeout of their
 * route applies, and the other timer ends with the request's last byte. Envoy has a timeout for headers too, but a timer
 * costs 1 % of a request.
 */
export function connectionManagerLimits(
  limits: Limits,
): Pick<HttpConnectionManager, 'stream_idle_timeout' | 'request_timeout'> {
  return {
    stream_idle_timeout: duration(headersTimeout(limits)),
    request_timeout: duration(limits.requestTimeoutMs),
  }
}

/**
 * How many requests and websockets a route may have in flight, and, counted separately, how many uploads: a client
 * alone decides how many of those there are, so they must not keep out other requests. Envoy counts a request when it
 * gets a connection, and refuses it then if it is beyond the limit. Connections have no limit of their own: each is
 * opened for a request, and at a limit a request might wait without end for a connection of its own worker while
 * another worker's are idle. All requests may be retried, since a backend may close all its idle connections together;
 * by default Envoy allows three retries at a time for a cluster.
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
