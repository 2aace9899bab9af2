import { createHash } from 'node:crypto'
import type { Route } from '../../routing/route.js'

/** An entry of the file. */
export interface Entry {
  readonly key: Buffer
  readonly value: Buffer
}

/** What all entries together must match; written by every transaction. */
export interface Summary {
  readonly format: number
  /** The number of routes. */
  readonly routes: number
  /** The sum of their checksums, modulo 2^64. */
  readonly sum: bigint
  /** LMDB's number of the transaction that wrote it. */
  readonly transaction: number
}

/** The format described here. Files with a higher format are never opened. */
export const FORMAT = 1

/** No route has this key: their keys are hashes of 32 bytes. */
export const SUMMARY_KEY = Buffer.from('summary')

const CHECKSUM_BYTES = 8

/** LMDB's keys are shorter than a routespec may be, so the key is its hash. */
export function entryKeyOf(routespec: string): Buffer {
  return createHash('sha256').update(routespec).digest()
}

/** The value is a checksum, followed by the route as JSON. */
export function encodeRoute({ routespec, data, lastActivity, added }: Route): Entry {
  const json = Buffer.from(JSON.stringify({ routespec, data, lastActivity, added }))
  return { key: entryKeyOf(routespec), value: Buffer.concat([digest(json), json]) }
}

/**
 * The target isn't checked: versions may differ in which they support.
 *
 * @throws Error with the fault of the entry in a few words
 */
export function decodeRoute({ key, value }: Entry): Route {
  const json = value.subarray(CHECKSUM_BYTES)
  if (!digest(json).equals(value.subarray(0, CHECKSUM_BYTES))) throw new Error('the checksum of a route is wrong')
  const stored = JSON.parse(json.toString()) as Route
  if (!entryKeyOf(stored.routespec).equals(key)) throw new Error(`${stored.routespec} has the key of another route`)
  if (typeof stored.data.target !== 'string') throw new Error(`${stored.routespec} has no target`)
  return { ...stored, lastActivity: new Date(stored.lastActivity) }
}

/** The checksum at the start of an encoded route. */
export function checksumOf(value: Uint8Array): bigint {
  return Buffer.from(value.buffer, value.byteOffset, CHECKSUM_BYTES).readBigUInt64LE()
}

export function encodeSummary(summary: Summary): Buffer {
  return Buffer.from(JSON.stringify({ ...summary, sum: summary.sum.toString(16) }))
}

/** Of a newer format only the number is read. @throws Error if it is not a summary */
export function decodeSummary(value: Buffer): Summary {
  const { format, routes, sum, transaction } = JSON.parse(value.toString()) as Record<keyof Summary, unknown>
  if (!Number.isSafeInteger(format)) throw new Error('its summary has no format')
  if (Number(format) > FORMAT) return { format: Number(format), routes: 0, sum: 0n, transaction: 0 }
  return { format: Number(format), routes: Number(routes), sum: BigInt(`0x${sum}`), transaction: Number(transaction) }
}

function digest(json: Uint8Array): Buffer {
  return createHash('sha256').update(json).digest().subarray(0, CHECKSUM_BYTES)
}
