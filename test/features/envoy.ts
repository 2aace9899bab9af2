import type { MessageTypeDefinition } from '@grpc/proto-loader'
import type { Cluster__Output } from '#proto/envoy/config/cluster/v3/Cluster.js'
import type { DeltaDiscoveryRequest__Output } from '#proto/envoy/service/discovery/v3/DeltaDiscoveryRequest.js'
import type { DeltaDiscoveryResponse } from '#proto/envoy/service/discovery/v3/DeltaDiscoveryResponse.js'
import { clusterName, PUBLIC, PUBLIC_ROUTES, TYPE_URL } from '../../src/resources/names.js'
import type { EnvoyAdmission } from '../../src/xds/admission.js'
import { definitions } from '../../src/xds/messages.js'
import type { AdsCollections } from '../../src/xds/stream.js'
import { AdsStream } from '../../src/xds/stream.js'

interface Held {
  readonly version: string
  readonly bytes: Buffer
}

/** A message of Envoy's with all its fields, of which most say nothing. */
export function discoveryRequest(request: Partial<DeltaDiscoveryRequest__Output>): DeltaDiscoveryRequest__Output {
  return {
    node: null,
    type_url: '',
    resource_names_subscribe: [],
    resource_names_unsubscribe: [],
    initial_resource_versions: {},
    response_nonce: '',
    error_detail: null,
    ...request,
  }
}

/**
 * As much of Envoy as its control plane sees: what it asks for and when, what it takes, names and answers. It answers
 * by itself, or when it is told to, or not at all.
 */
export class SimulatedEnvoy {
  #collections: AdsCollections
  readonly node: string
  /** Whether it answers each response by itself, a turn of the event loop after it came. */
  answers = true
  /** What it doesn't take, and why. As Envoy does, it applies the rest of such a response and refuses all of it. */
  refuses: (name: string, version: string, bytes: Buffer) => string | undefined = () => undefined
  /** Responses that it has got and not answered, the first first. */
  readonly unanswered: DeltaDiscoveryResponse[] = []
  /** All that it has got on this stream. */
  readonly received: DeltaDiscoveryResponse[] = []
  /** How many responses with clusters it has refused since its start. */
  refusals = 0
  /** What it uses, by type and name. */
  readonly #inUse = new Map<string, Map<string, Held>>()
  /** What it says that it has when it connects again, by type and name: not what was in a response that it refused. */
  readonly #named = new Map<string, Map<string, string>>()
  readonly #asked = new Set<string>()
  #stream: AdsStream | undefined
  #admission: EnvoyAdmission | undefined

  /** @param admission of a control plane that doesn't always take Envoys, as its server asks and tells it */
  constructor(collections: AdsCollections, node: string, admission?: EnvoyAdmission) {
    this.#collections = collections
    this.#admission = admission
    this.node = node
  }

  /** Its stream; undefined while it has none. */
  get stream(): AdsStream | undefined {
    return this.#stream
  }

  /** Whether its port is open. */
  get listens(): boolean {
    return this.#of(TYPE_URL.listener).has(PUBLIC) && this.#of(TYPE_URL.routeConfiguration).has(PUBLIC_ROUTES)
  }

  /** Where it sends requests of a route, as `host:port`; undefined if it has no such route. */
  target(routeKey: string): string | undefined {
    return this.addressOf(clusterName(routeKey))
  }

  /** Where a cluster leads to. */
  addressOf(name: string): string | undefined {
    const cluster = this.#of(TYPE_URL.cluster).get(name)
    return cluster && addressOf(cluster.bytes)
  }

  /** The version of what it uses; undefined if it has none. */
  version(typeUrl: string, name: string): string | undefined {
    return this.#of(typeUrl).get(name)?.version
  }

  /** All of a type that it uses. */
  all(typeUrl: string): Array<{ readonly name: string; readonly version: string }> {
    return [...this.#of(typeUrl)].map(([name, { version }]) => ({ name, version }))
  }

  /** Opens a stream; one of before is left as it is, as by an Envoy that connects anew before the other end has noticed. */
  connect(): void {
    if (this.#admission?.admits() === false) return
    const write = (response: DeltaDiscoveryResponse) => {
      if (stream === this.#stream) this.#receive(response)
    }
    const stream = new AdsStream(
      this.#collections,
      write,
      () => this.disconnect(false),
      () => this.#admission?.loaded(this.node),
    )
    this.unanswered.length = 0
    this.received.length = 0
    this.#stream = stream
    this.say({ node: { id: this.node } as DeltaDiscoveryRequest__Output['node'], ...this.#initial(TYPE_URL.cluster) })
    for (const typeUrl of this.#asked) {
      if (typeUrl !== TYPE_URL.cluster) this.say(this.#initial(typeUrl))
    }
    this.#asked.add(TYPE_URL.cluster)
  }

  /** @param serves whether it goes on serving, about to come back */
  disconnect(serves = true): void {
    const stream = this.#stream
    this.#stream = undefined
    this.unanswered.length = 0
    const silentMs = stream?.silentMs ?? 0
    if (stream?.close(serves)) this.#admission?.left(this.node, silentMs)
  }

  /** Another control plane takes over; {@link connect} goes there. */
  moveTo(collections: AdsCollections, admission?: EnvoyAdmission): void {
    this.#collections = collections
    this.#admission = admission
  }

  /** Its process has ended, and another one has started that has nothing yet. */
  restart(): void {
    this.disconnect(true)
    for (const known of [this.#inUse, this.#named, this.#asked]) known.clear()
    this.refusals = 0
    this.connect()
  }

  /** Says it as it is, with nothing of its own. */
  say(request: Partial<DeltaDiscoveryRequest__Output>): void {
    this.#stream?.receive(discoveryRequest(request))
  }

  /** Asks for resources by name, as for the secrets that something refers to. */
  ask(typeUrl: string, ...names: string[]): void {
    this.#asked.add(typeUrl)
    this.say({ type_url: typeUrl, resource_names_subscribe: names })
  }

  /** Answers the first response that is not answered; false if there is none. */
  answer(more: Partial<DeltaDiscoveryRequest__Output> = {}): boolean {
    const response = this.unanswered.shift()
    if (response === undefined) return false
    const { type_url: typeUrl = '', nonce = '' } = response
    const refusals = this.#apply(response)
    const error = refusals.length === 0 ? {} : { error_detail: { code: 13, message: refusals.join('; '), details: [] } }
    this.say({ type_url: typeUrl, response_nonce: nonce, ...error, ...more })
    this.#askOn(typeUrl)
    return true
  }

  /** Takes what a response has, and returns why it refuses it. */
  #apply({
    type_url: typeUrl = '',
    resources = [],
    removed_resources: removed = [],
  }: DeltaDiscoveryResponse): string[] {
    const [inUse, named] = [this.#of(typeUrl), this.#namedOf(typeUrl)]
    const refusals: string[] = []
    for (const { name = '', version = '', resource } of resources) {
      const refusal = this.refuses(name, version, bytesOf(resource))
      if (refusal === undefined) inUse.set(name, { version, bytes: bytesOf(resource) })
      else refusals.push(refusal)
    }
    for (const name of removed) inUse.delete(name)
    if (refusals.length > 0) {
      if (typeUrl === TYPE_URL.cluster) this.refusals += 1
      return refusals
    }
    for (const { name = '', version = '' } of resources) named.set(name, version)
    for (const name of removed) named.delete(name)
    return []
  }

  /** Answers all there is and all that follows from it at once. */
  answerAll(): void {
    while (this.answer());
  }

  #receive(response: DeltaDiscoveryResponse): void {
    this.received.push(response)
    this.unanswered.push(response)
    if (!this.answers) return
    setImmediate(() => {
      if (this.unanswered[0] === response) this.answer()
    })
  }

  /** Envoy asks for the next type when it has the one before. */
  #askOn(typeUrl: string): void {
    if (typeUrl === TYPE_URL.cluster && !this.#asked.has(TYPE_URL.listener)) this.ask(TYPE_URL.listener)
    if (!this.#of(TYPE_URL.listener).has(PUBLIC) || this.#asked.has(TYPE_URL.routeConfiguration)) return
    this.ask(TYPE_URL.routeConfiguration, PUBLIC_ROUTES)
  }

  #initial(typeUrl: string): Partial<DeltaDiscoveryRequest__Output> {
    const byName = typeUrl === TYPE_URL.routeConfiguration || typeUrl === TYPE_URL.secret
    return {
      type_url: typeUrl,
      resource_names_subscribe: byName ? [...this.#namedOf(typeUrl).keys()] : [],
      initial_resource_versions: Object.fromEntries(this.#namedOf(typeUrl)),
    }
  }

  #of(typeUrl: string): Map<string, Held> {
    return within(this.#inUse, typeUrl)
  }

  #namedOf(typeUrl: string): Map<string, string> {
    return within(this.#named, typeUrl)
  }
}

function within<T>(maps: Map<string, Map<string, T>>, key: string): Map<string, T> {
  const map = maps.get(key) ?? new Map<string, T>()
  maps.set(key, map)
  return map
}

const CLUSTER = definitions['envoy.config.cluster.v3.Cluster'] as MessageTypeDefinition<object, Cluster__Output>

/** Where a cluster leads, as `host:port`. */
export function addressOf(bytes: Buffer): string | undefined {
  const [locality] = CLUSTER.deserialize(bytes).load_assignment?.endpoints ?? []
  const address = locality?.lb_endpoints[0]?.endpoint?.address?.socket_address
  return address ? `${address.address}:${address.port_value}` : undefined
}

/** As it was given to be sent: the types of proto/ know an Any by what is in it as well. */
function bytesOf(resource: unknown): Buffer {
  return (resource as { value: Buffer }).value
}
