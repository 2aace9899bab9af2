import type { Node__Output } from '#proto/envoy/config/core/v3/Node.js'
import type { DeltaDiscoveryRequest__Output } from '#proto/envoy/service/discovery/v3/DeltaDiscoveryRequest.js'
import type { DeltaDiscoveryResponse } from '#proto/envoy/service/discovery/v3/DeltaDiscoveryResponse.js'
import { bytesFor, generationOf } from './generation.js'
import type { DeltaResponse } from './in-flight.js'
import { Listing } from './listing.js'
import type { ServedCollection } from './served-collection.js'
import type { Subscription } from './subscription.js'
import type { StreamHandle, Subscriptions } from './subscriptions.js'

/** The collections that a stream serves. */
export interface AdsCollections {
  /** In the order in which an Envoy must get them: types before those that refer to them. */
  readonly ordered: readonly ServedCollection[]
  /** Types that an Envoy subscribes to when another resource refers to one, and waits for: sent at once. */
  readonly onDemand: readonly ServedCollection[]
}

/**
 * One Envoy's stream: a subscription for each type. Until Envoy has answered for all initial resources of one type in
 * the order, it gets nothing of the types after it: a listener opens only when the table is complete.
 */
export class AdsStream implements StreamHandle {
  readonly #ordered: readonly Subscriptions[]
  readonly #onDemand: readonly Subscriptions[]
  readonly #write: (response: DeltaDiscoveryResponse) => void
  readonly cutOff: () => void
  readonly #onFirstLoaded: () => void
  /** Its Envoy's node id, once it is known. */
  node = ''
  /** The generation of its Envoy's bootstrap. */
  #generation = 1
  readonly #open = new Map<Subscriptions, Subscription>()
  /** The version of its Envoy, such as `1.40.0`; undefined until it is known. */
  version: string | undefined
  /** How many of the ordered types, from the first on, this Envoy has loaded completely. */
  #complete = 0
  #closed = false

  /**
   * @param onCutOff called when this Envoy doesn't answer although others have; {@link close} must follow
   * @param onFirstLoaded called once it has answered for all that it lacked of the first type when it connected
   */
  constructor(
    collections: AdsCollections,
    write: (response: DeltaDiscoveryResponse) => void,
    onCutOff: () => void,
    onFirstLoaded = () => {},
  ) {
    this.#ordered = collections.ordered.map(({ subscriptions }) => subscriptions)
    this.#onDemand = collections.onDemand.map(({ subscriptions }) => subscriptions)
    this.#write = write
    this.cutOff = onCutOff
    this.#onFirstLoaded = onFirstLoaded
  }

  /**
   * Handles a request: a subscription, an ACK, a NACK, or several of these in one. Requests for unknown types are
   * ignored.
   *
   * @param listing the versions that it lists
   */
  receive(request: DeltaDiscoveryRequest__Output, listing = Listing.of(request.initial_resource_versions)): void {
    if (request.node?.id) {
      this.node = request.node.id
      this.#generation = generationOf(request.node)
      this.version = versionOf(request.node)
    }
    const type = [...this.#ordered, ...this.#onDemand].find(({ typeUrl }) => typeUrl === request.type_url)
    if (type === undefined || this.#closed) return
    const subscription = this.#open.get(type)
    if (subscription === undefined) this.#subscribe(type, request, listing)
    else answer(subscription, request)
    this.flush()
  }

  #subscribe(type: Subscriptions, request: DeltaDiscoveryRequest__Output, listing: Listing): void {
    const first = { node: this.node, subscribe: request.resource_names_subscribe, listing }
    const send = (response: DeltaResponse) => this.#write(encodeResponse(type.typeUrl, response, this.#generation))
    this.#open.set(type, type.open(first, send, this))
  }

  /** How many resources its Envoy has yet to answer for, and how many of their latest version it has rejected. */
  get state(): { readonly pending: number; readonly rejected: number } {
    const open = [...this.#open.values()]
    const sum = (of: (subscription: Subscription) => number) => open.reduce((all, one) => all + of(one), 0)
    return { pending: sum(({ pending }) => pending), rejected: sum(({ refusals }) => [...refusals].length) }
  }

  /** For how long its Envoy has owed an answer, in milliseconds; 0 if it owes none. */
  get silentMs(): number {
    return Math.max(0, ...[...this.#open.values()].map((subscription) => subscription.silentMs))
  }

  /** Sends what is due, in the order of the types. */
  flush(): void {
    for (const type of this.#onDemand) this.#open.get(type)?.flush()
    for (const [index, type] of this.#ordered.entries()) {
      const subscription = this.#open.get(type)
      if (index > this.#complete) return
      if (subscription === undefined) continue
      subscription.flush()
      if (index !== this.#complete || !subscription.isComplete()) continue
      this.#complete += 1
      if (index === 0) this.#onFirstLoaded()
    }
  }

  /**
   * Ends all subscriptions; false if that was done before.
   *
   * @param mayReturn whether this Envoy may still be serving, about to reconnect
   */
  close(mayReturn: boolean): boolean {
    if (this.#closed) return false
    this.#closed = true
    for (const [type, subscription] of this.#open) type.close(subscription, mayReturn)
    return true
  }
}

function versionOf({ user_agent_build_version: build }: Node__Output): string | undefined {
  const version = build?.version
  return version ? `${version.major_number}.${version.minor_number}.${version.patch}` : undefined
}

/** The answer comes first: an Envoy that subscribes in the same message has already processed that response. */
function answer(subscription: Subscription, request: DeltaDiscoveryRequest__Output): void {
  const { response_nonce: nonce, error_detail: error } = request
  if (nonce !== '' && error) subscription.nack(nonce, oneLine(error.message))
  else if (nonce !== '') subscription.ack(nonce)
  subscription.unsubscribe(request.resource_names_unsubscribe)
  subscription.subscribe(request.resource_names_subscribe)
}

function encodeResponse(typeUrl: string, response: DeltaResponse, generation: number): DeltaDiscoveryResponse {
  return {
    type_url: typeUrl,
    nonce: response.nonce,
    resources: response.resources.map((resource) => ({
      name: resource.name,
      version: resource.version,
      resource: { type_url: typeUrl, value: bytesFor(resource, generation) },
    })),
    removed_resources: [...response.removed],
  }
}

/** Envoy writes several reasons on several lines. */
function oneLine(message: string): string {
  const lines = message.split('\n').map((line) => line.trim())
  return lines.filter((line) => line !== '').join('; ')
}
