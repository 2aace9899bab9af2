import type { Limits } from '../../settings/limits.js'
import { UNFINISHED } from '../names.js'

/*
 * What requests that aren't all there may hold, all together and each connection. Envoy counts nothing of that kind, so
 * scripts do (envoy/places.lua), in each worker for itself: a connection is a worker's for life.
 */

/** For whom places are shared out. */
export interface PlacesInput {
  readonly limits: Limits
  /** How many workers Envoy has; external ones are taken to have as many as one that is started from here. */
  readonly workers: number
}

/** What a stream keeps in Envoy besides what the client sent, in bytes. */
const STREAM_BYTES = 8 * 1024

/** What an upload keeps in Envoy whose backend doesn't take it: a buffer in each of two connections. */
const UPLOAD_BYTES = 128 * 1024

/** Of the heap, for requests that wait. */
const WAITING_SHARE = 0.25
/** Of the heap, for uploads. */
const UPLOADS_SHARE = 0.4

/** What any connection may keep waiting, however many do: a form with the cookies of a browser. */
const LEAST_WAITING_BYTES = 24 * 1024

/** The constants of the script that shares out the memory of requests that wait, in bytes. */
export function waitingPlaces({ limits, workers }: PlacesInput): string[] {
  const capacity = (WAITING_SHARE * limits.maxHeapBytes) / workers
  return [...constants(capacity, LEAST_WAITING_BYTES), `local STREAM_BYTES = ${STREAM_BYTES}`]
}

/**
 * The constants of the script that shares out uploads. Each connection may have one; how many there are to one route is
 * limited by {@link routeLimits}.
 */
export function uploadPlaces({ limits, workers }: PlacesInput): string[] {
  const most = Math.min(limits.maxRequestsPerRoute, (UPLOADS_SHARE * limits.maxHeapBytes) / UPLOAD_BYTES)
  return constants(most / workers, 1)
}

function constants(capacity: number, least: number): string[] {
  return [
    `local CAPACITY = ${Math.floor(capacity)}`,
    `local LEAST = ${least}`,
    `local NAMESPACE = "${UNFINISHED.namespace}"`,
    `local FULL = "${UNFINISHED.full}"`,
  ]
}
