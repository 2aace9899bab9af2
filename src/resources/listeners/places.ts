import type { Limits } from '../../settings/limits.js'
import { UNFINISHED, UNFINISHED_GAUGES } from '../names.js'
import { BUFFER_BYTES } from '../shared/limits.js'

/*
 * How much memory unfinished requests may use, in total and per connection. Envoy doesn't count that, so scripts do
 * (envoy/places.lua), in each worker by itself: a connection stays with its worker.
 */

export interface PlacesInput {
  readonly limits: Limits
  /** How many workers Envoy has. External Envoys are assumed to have as many as an embedded one. */
  readonly workers: number
}

/** What a stream uses in Envoy in addition to what the client sent, in bytes. */
const STREAM_BYTES = 8 * 1024

/** What an upload uses in Envoy if its backend doesn't read it: a buffer in each of two connections. */
const UPLOAD_BYTES = 2 * BUFFER_BYTES.value

/** The share of the heap for waiting requests. */
const WAITING_SHARE = 0.25
/** The share of the heap for uploads. */
const UPLOADS_SHARE = 0.4

/** What each connection may keep waiting in any case: a form with a browser's cookies. */
const LEAST_WAITING_BYTES = 24 * 1024

/** How many bytes the waiting requests of all workers may use. */
export function waitingCapacity({ maxHeapBytes }: Pick<Limits, 'maxHeapBytes'>): number {
  return WAITING_SHARE * maxHeapBytes
}

/** How many uploads all workers may have. */
export function uploadCapacity({
  maxHeapBytes,
  maxRequestsPerRoute,
}: Pick<Limits, 'maxHeapBytes' | 'maxRequestsPerRoute'>): number {
  return Math.min(maxRequestsPerRoute, (UPLOADS_SHARE * maxHeapBytes) / UPLOAD_BYTES)
}

/** The constants of the script that limits the memory of waiting requests, in bytes. */
export function waitingPlaces({ limits, workers }: PlacesInput): string[] {
  const capacity = waitingCapacity(limits) / workers
  const own = constants(capacity, LEAST_WAITING_BYTES, UNFINISHED_GAUGES.waiting)
  return [...own, `local STREAM_BYTES = ${STREAM_BYTES}`]
}

/**
 * The constants of the script that limits the number of uploads. Each connection may have one in any case; uploads to
 * one route are limited by {@link routeLimits}.
 */
export function uploadPlaces({ limits, workers }: PlacesInput): string[] {
  return constants(uploadCapacity(limits) / workers, 1, UNFINISHED_GAUGES.uploads)
}

function constants(capacity: number, least: number, gauge: string): string[] {
  return [
    `local CAPACITY = ${Math.floor(capacity)}`,
    `local LEAST = ${least}`,
    `local GAUGE = "${gauge}"`,
    `local NAMESPACE = "${UNFINISHED.namespace}"`,
    `local FULL = "${UNFINISHED.full}"`,
  ]
}
