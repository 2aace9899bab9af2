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
  /** In the order in which an Envoy must get them: what another type refers to first. */
  readonly ordered: readonly ServedCollection[]
  /** Types that an Envoy asks for when a resource of the others refers to one, and waits for: sent at once. */
  readonly onDemand: readonly ServedCollection[]
}

/**
 * One Envoy's stream: a subscription for each type it asks for. Until it has been sent and has answered all that there
 * was of one type in the order, it gets nothing of the types after it: a listener opens only over a complete table.
 */
export class AdsStream implements StreamHandle {
  readonly #ordered: readonly Subscriptions[]
  readonly #onDemand: readonly Subscriptions[]
  readonly #write: (response: DeltaDiscoveryResponse) => void
  readonly cutOff: () => void
  /** Its Envoy's node id, as soon as it is known. */
  node = ''
  /** What its Envoy was started for. */
  #generation = 1
  readonly #open = new Map<Subscriptions, Subscription>()
  /** How many of the types in order, from the first on, this Envoy has had in full. */
  #complete = 0
  #closed = false

  /** @param onCutOff called when this Envoy doesn't answer and others have; {@link close} must follow */
  constructor(collections: AdsCollections, write: (response: DeltaDiscoveryResponse) => void, onCutOff: () => void) {
    this.#ordered = collections.ordered.map(({ subscriptions }) => subscriptions)
    this.#onDemand = collections.onDemand.map(({ subscriptions }) => subscriptions)
    this.#write = write
    this.cutOff = onCutOff
  }

  /**
   * Handles a request: a subscription, an ACK, a NACK, or several of these in one. Unknown types are left unanswered.
   *
   * @param listing what it says of the versions that Envoy holds
   */
  receive(request: DeltaDiscoveryRequest__Output, listing = Listing.of(request.initial_resource_versions)): void {
    if (request.node?.id) {
      this.node = request.node.id
      this.#generation = generationOf(request.node)
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

  /** Sends what is due, in the order of the types. */
  flush(): void {
    for (const type of this.#onDemand) this.#open.get(type)?.flush()
    for (const [index, type] of this.#ordered.entries()) {
      const subscription = this.#open.get(type)
      if (index > this.#complete) return
      if (subscription === undefined) continue
      subscription.flush()
      if (index === this.#complete && subscription.isComplete()) this.#complete += 1
    }
  }

  /**
   * Ends all subscriptions; false if that was done before.
   *
   * @param mayReturn whether this Envoy may be serving on, about to connect again
   */
  close(mayReturn: boolean): boolean {
    if (this.#closed) return false
    this.#closed = true
    for (const [type, subscription] of this.#open) type.close(subscription, mayReturn)
    return true
  }
}

/** What is asked for in the same message as an answer is asked for by an Envoy that has had that response. */
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

/** Envoy gives each of several reasons a line. */
function oneLine(message: string): string {
  const lines = message.split('\n').map((line) => line.trim())
  return lines.filter((line) => line !== '').join('; ')
}
