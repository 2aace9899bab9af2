import { setTimeout as delay } from 'node:timers/promises'
import type { ClientDuplexStream } from '@grpc/grpc-js'
import { credentials } from '@grpc/grpc-js'
import type { MessageTypeDefinition } from '@grpc/proto-loader'
import type { DeltaDiscoveryRequest } from '#proto/envoy/service/discovery/v3/DeltaDiscoveryRequest.js'
import type { DeltaDiscoveryResponse__Output } from '#proto/envoy/service/discovery/v3/DeltaDiscoveryResponse.js'
import { TYPE_URL } from '../src/resources/names.js'
import { definitions } from '../src/xds/messages.js'
import { RawAdsClient } from '../test/support/raw-ads.js'

/** What Envoy takes for one cluster, in a batch. */
const MS_A_CLUSTER = 0.4

const REQUEST = definitions['envoy.service.discovery.v3.DeltaDiscoveryRequest'] as unknown as {
  readonly serialize: (request: DeltaDiscoveryRequest) => Buffer
}
const RESPONSE = definitions['envoy.service.discovery.v3.DeltaDiscoveryResponse'] as MessageTypeDefinition<
  object,
  DeltaDiscoveryResponse__Output
>

type Stream = ClientDuplexStream<Buffer, Buffer>

/**
 * As many Envoys as wanted, each with a gRPC stream of its own, that hold all the same clusters and take as long to
 * acknowledge a response as Envoy does.
 */
export class SimulatedEnvoys {
  readonly #address: string
  readonly #held = new Map<string, string>()
  /** What they say that they hold, by how much of it is outdated. */
  readonly #listings = new Map<number, Buffer>()
  readonly #streams = new Set<Stream>()
  /** When each has answered what it was sent. */
  readonly #answered = new WeakMap<Stream, Promise<void>>()
  #received = 0

  /** @param address as gRPC has it */
  constructor(address: string) {
    this.#address = address
  }

  /** One Envoy gets all clusters, at once, and ends. */
  async load(count: number): Promise<void> {
    const stream = this.#open()
    const loaded = new Promise<void>((resolve) => {
      stream.on('data', (bytes: Buffer) => {
        const { nonce, resources } = RESPONSE.deserialize(bytes)
        for (const { name, version } of resources) this.#held.set(name, version)
        stream.write(REQUEST.serialize({ type_url: TYPE_URL.cluster, response_nonce: nonce }))
        if (this.#held.size >= count) resolve()
      })
    })
    stream.write(REQUEST.serialize({ node: { id: 'envoy-0' }, type_url: TYPE_URL.cluster }))
    await loaded
    await this.disconnect()
  }

  /**
   * So many connect at once, as those do that have lost their control plane: each after 50-250 ms.
   *
   * @param first the number of the first of them: one that was there before comes back
   * @param outdated how many of their clusters are of another version
   */
  async connect(first: number, count: number, outdated: number): Promise<void> {
    await this.#connect(first, count, this.#listing(outdated))
  }

  /** So many that have just started connect: they have nothing. */
  async start(count: number): Promise<void> {
    await this.#connect(0, count, REQUEST.serialize({ type_url: TYPE_URL.cluster }))
  }

  #listing(outdated: number): Buffer {
    const versions = [...this.#held].map(([name, version], index) => [name, index < outdated ? 'old' : version])
    const made =
      this.#listings.get(outdated) ??
      REQUEST.serialize({ type_url: TYPE_URL.cluster, initial_resource_versions: Object.fromEntries(versions) })
    this.#listings.set(outdated, made)
    return made
  }

  async #connect(first: number, count: number, request: Buffer): Promise<void> {
    await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        await delay(50 + 200 * Math.random())
        const stream = this.#open()
        stream.on('data', (bytes: Buffer) => this.#answer(stream, RESPONSE.deserialize(bytes)))
        // The fields of a message may come in any order, and so one after the other.
        stream.write(Buffer.concat([REQUEST.serialize({ node: { id: `envoy-${first + index}` } }), request]))
      }),
    )
  }

  async disconnect(): Promise<void> {
    for (const stream of this.#streams) stream.cancel()
    this.#streams.clear()
  }

  /** How many clusters they have been sent since they were loaded. */
  received(): number {
    return this.#received
  }

  /** How many of those that are connected have been sent anything. */
  reached(): number {
    return [...this.#streams].filter((stream) => this.#answered.has(stream)).length
  }

  #open(): Stream {
    const options = {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
    }
    const client = new RawAdsClient(this.#address, credentials.createInsecure(), options)
    const stream = client.stream?.() as Stream
    stream.on('error', () => client.close())
    this.#streams.add(stream)
    return stream
  }

  /** One response after the other, as Envoy takes them. */
  #answer(stream: Stream, { nonce, resources, removed_resources: removed }: DeltaDiscoveryResponse__Output): void {
    const before = this.#answered.get(stream) ?? Promise.resolve()
    const after = before.then(async () => {
      await delay(Math.max(1, (resources.length + removed.length) * MS_A_CLUSTER))
      this.#received += resources.length
      if (this.#streams.has(stream))
        stream.write(REQUEST.serialize({ type_url: TYPE_URL.cluster, response_nonce: nonce }))
    })
    this.#answered.set(stream, after)
  }
}
