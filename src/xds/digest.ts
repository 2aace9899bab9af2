import { randomBytes } from 'node:crypto'
import type { Entry, Listing } from './listing.js'
import { nameOf, versionOf } from './listing.js'
import type { Resource } from './resource.js'

/**
 * How many parts the names are divided into: with 100,000 a part has 24, which are compared one by one if it differs.
 */
const BUCKETS = 4096

/** Envoy's version of a resource if it differs from the collection's; undefined if Envoy doesn't have it. */
export type Difference = readonly [name: string, version: string | undefined]

/**
 * A short digest of a collection, for comparing an Envoy's list with it without looking up each name: with 20 Envoys
 * that list 100,000 names each, that would block everything for seconds. A fingerprint of name and version decides to
 * which part they belong. Names and versions are compared only in parts whose sums differ.
 */
export class Digest {
  readonly #sums = new Sums()
  readonly #names: Array<Set<string> | undefined> = []

  add(resource: Resource): void {
    const bucket = this.#sums.add(entryOf(resource), 1)
    const names = this.#names[bucket] ?? new Set()
    this.#names[bucket] = names.add(resource.name)
  }

  delete(resource: Resource): void {
    const bucket = this.#sums.add(entryOf(resource), -1)
    this.#names[bucket]?.delete(resource.name)
  }

  /**
   * The names whose version in the list differs from the collection's, or that only one of the two has.
   *
   * @param get reads the collection
   */
  *differences(listing: Listing, get: (name: string) => Resource | undefined): Iterable<Difference> {
    const sums = new Sums()
    for (const entry of listing.entries()) sums.add(entry, 1)
    const differing = this.#sums.differing(sums)
    const listed = new Map<string, string>()
    for (const entry of differing.size === 0 ? [] : listing.entries()) {
      if (differing.has(bucketOf(entry))) listed.set(nameOf(entry), versionOf(entry))
    }
    for (const [name, version] of listed) if (get(name)?.version !== version) yield [name, version]
    for (const bucket of differing) {
      for (const name of this.#names[bucket] ?? []) if (!listed.has(name)) yield [name, undefined]
    }
  }
}

/** The number of fingerprints in each bucket, and the sum of each half of them. */
class Sums {
  readonly #counts = new Int32Array(BUCKETS)
  readonly #first = new Int32Array(BUCKETS)
  readonly #second = new Int32Array(BUCKETS)

  /** @returns the bucket */
  add(entry: Entry, times: 1 | -1): number {
    const first = hash(entry, SEEDS[0])
    const second = hash(entry, SEEDS[1])
    const bucket = first & (BUCKETS - 1)
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + times
    this.#first[bucket] = (this.#first[bucket] ?? 0) + times * first
    this.#second[bucket] = (this.#second[bucket] ?? 0) + times * second
    return bucket
  }

  differing(others: Sums): Set<number> {
    const differing = new Set<number>()
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      const isSame =
        this.#counts[bucket] === others.#counts[bucket] &&
        this.#first[bucket] === others.#first[bucket] &&
        this.#second[bucket] === others.#second[bucket]
      if (!isSame) differing.add(bucket)
    }
    return differing
  }
}

/** Random, so that no one can choose names and contents with the fingerprints of others. */
const SEEDS = [randomBytes(4).readInt32LE(), randomBytes(4).readInt32LE()] as const

function bucketOf(entry: Entry): number {
  return hash(entry, SEEDS[0]) & (BUCKETS - 1)
}

function hash({ bytes, nameAt, nameEnd, versionAt, versionEnd }: Entry, seed: number): number {
  // A separator: 0xff does not occur in UTF-8.
  const begun = mixed(hashBytes(bytes, nameAt, nameEnd, seed) ^ 0xff)
  return mixed(hashBytes(bytes, versionAt, versionEnd, begun))
}

/** FNV-1a. */
function hashBytes(bytes: Buffer, from: number, to: number, seed: number): number {
  let value = seed
  for (let at = from; at < to; at += 1) value = Math.imul(value ^ (bytes[at] ?? 0), 0x01000193)
  return value
}

/** Makes every bit depend on every other (the finaliser of MurmurHash3). */
function mixed(value: number): number {
  let mixing = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  mixing = Math.imul(mixing ^ (mixing >>> 13), 0xc2b2ae35)
  return mixing ^ (mixing >>> 16)
}

function entryOf({ name, version }: Resource): Entry {
  const bytes = Buffer.from(name + version)
  const nameEnd = Buffer.byteLength(name)
  return { bytes, nameAt: 0, nameEnd, versionAt: nameEnd, versionEnd: bytes.length }
}
