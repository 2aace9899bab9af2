import type { MessageTypeDefinition } from '@grpc/proto-loader'
import protobuf from 'protobufjs'
import type {
  DeltaDiscoveryRequest,
  DeltaDiscoveryRequest__Output,
} from '#proto/envoy/service/discovery/v3/DeltaDiscoveryRequest.js'
import { definitions } from './messages.js'

const REQUEST = definitions['envoy.service.discovery.v3.DeltaDiscoveryRequest'] as MessageTypeDefinition<
  DeltaDiscoveryRequest,
  DeltaDiscoveryRequest__Output
>

/** The tag of an entry of `initial_resource_versions`, and those of its key and value. */
const [ENTRY, NAME, VERSION] = [0x2a, 0x0a, 0x12] as const

/** Where an entry's name and version are in the bytes. */
export interface Entry {
  readonly bytes: Buffer
  nameAt: number
  nameEnd: number
  versionAt: number
  versionEnd: number
}

/**
 * The list that an Envoy sends when it connects: the version that it has of each resource. It is kept as the received
 * bytes and read entry by entry: as an object, that of a large table would take tens of megabytes, and most of the
 * time.
 */
export class Listing {
  readonly #parts: readonly Buffer[]

  /** @param parts parts of a request: consecutive entries, each with its tag */
  constructor(parts: readonly Buffer[]) {
    this.#parts = parts
  }

  static of(versions: Readonly<Record<string, string>>): Listing {
    return decodeRequest(REQUEST.serialize({ initial_resource_versions: versions })).listing
  }

  get isEmpty(): boolean {
    return this.#parts.length === 0
  }

  /** Each entry in turn; an entry is valid until the next one. */
  *entries(): Iterable<Entry> {
    for (const bytes of this.#parts) {
      const entry = { bytes, nameAt: 0, nameEnd: 0, versionAt: 0, versionEnd: 0 }
      const reader = protobuf.Reader.create(bytes)
      while (reader.pos < reader.len) {
        reader.uint32()
        readEntry(reader, entry)
        yield entry
      }
    }
  }
}

function readEntry(reader: protobuf.Reader, entry: Entry): void {
  entry.nameAt = entry.nameEnd = entry.versionAt = entry.versionEnd = 0
  const end = reader.uint32() + reader.pos
  while (reader.pos < end) {
    const tag = reader.uint32()
    if (tag !== NAME && tag !== VERSION) {
      reader.skipType(tag & 7)
      continue
    }
    const length = reader.uint32()
    if (tag === NAME) [entry.nameAt, entry.nameEnd] = [reader.pos, reader.pos + length]
    else [entry.versionAt, entry.versionEnd] = [reader.pos, reader.pos + length]
    reader.skip(length)
  }
}

export function nameOf({ bytes, nameAt, nameEnd }: Entry): string {
  return bytes.toString('utf8', nameAt, nameEnd)
}

export function versionOf({ bytes, versionAt, versionEnd }: Entry): string {
  return bytes.toString('utf8', versionAt, versionEnd)
}

/** Envoy's first request for a type on a stream. */
export interface InitialRequest {
  /** Its node id. */
  readonly node: string
  /** The names that it subscribes to; none, or '*', means all. */
  readonly subscribe: readonly string[]
  /** The resources that it has from an earlier stream. */
  readonly listing: Listing
}

/** A request, and separately its list of versions. */
export interface DecodedRequest {
  readonly request: DeltaDiscoveryRequest__Output
  readonly listing: Listing
}

/** @throws RangeError or Error if the bytes are not such a message */
export function decodeRequest(bytes: Buffer): DecodedRequest {
  const [listed, others]: [Range[], Range[]] = [[], []]
  const reader = protobuf.Reader.create(bytes)
  while (reader.pos < reader.len) {
    const from = reader.pos
    const tag = reader.uint32()
    reader.skipType(tag & 7)
    extend(tag === ENTRY ? listed : others, from, reader.pos)
  }
  const [entries, rest] = [listed, others].map((ranges) => ranges.map(({ from, to }) => bytes.subarray(from, to)))
  return { request: REQUEST.deserialize(Buffer.concat(rest ?? [])), listing: new Listing(entries ?? []) }
}

interface Range {
  readonly from: number
  to: number
}

/** Adds a range, by extending the last one if it follows that. */
function extend(ranges: Range[], from: number, to: number): void {
  const last = ranges.at(-1)
  if (last?.to === from) last.to = to
  else ranges.push({ from, to })
}
