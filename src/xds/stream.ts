import type { DeltaDiscoveryRequest__Output } from '#proto/envoy/service/discovery/v3/DeltaDiscoveryRequest.js'
import type { DeltaDiscoveryResponse } from '#proto/envoy/service/discovery/v3/DeltaDiscoveryResponse.js'
import type { ResourceCollection, StreamHandle } from './collection.js'
import { bytesFor, generationOf } from './generation.js'
import type { DeltaResponse, Subscription } from './subscription.js'

/** The collections that a stream serves. */
export interface AdsCollections {
  /** In the order in which an Envoy must get them: what another type refers to first. */
  readonly ordered: readonly ResourceCollection[]
  /** Types that an Envoy asks for when a resource of the others refers to one, and waits for: sent at once. */
  readonly onDemand: readonly ResourceCollection[]
}

/**
 * One Envoy's stream: a subscription for each type it asks for. Until it has been sent and has answered all that there
 * was of one type in the order, it gets nothing of the types after it: a listener opens only over a complete table.
 */
export class AdsStream implements StreamHandle {
  readonly #collections: AdsCollections
  readonly #write: (response: DeltaDiscoveryResponse) => void
  /** How this Envoy calls itself, once it has. */
  node = ''
  /** What it was started for. */
  #generation = 1
  readonly cutOff: () => void
  readonly #subscriptions = new Map<ResourceCollection, Subscription>()
  /** How many of the collections in order, from the first on, this Envoy has had in full. */
  #complete = 0
  #closed = false

  /** @param onCutOff called when this Envoy doesn't answer and others have; {@link close} must follow */
  constructor(collections: AdsCollections, write: (response: DeltaDiscoveryResponse) => void, onCutOff: () => void) {
    this.#collections = collections
    this.#write = write
    this.cutOff = onCutOff
  }

  /** Handles a request: a subscription, an ACK, a NACK, or several of these in one. Unknown types are left unanswered. */
  receive(request: DeltaDiscoveryRequest__Output): void {
    const { ordered, onDemand } = this.#collections
    const collection = [...ordered, ...onDemand].find(({ typeUrl }) => typeUrl === request.type_url)
    if (request.node?.id) {
      this.node = request.node.id
      this.#generation = generationOf(request.node)
    }
    if (collection === undefined || this.#closed) return
    const subscription = this.#subscriptions.get(collection)
    if (subscription === undefined) {
      const first = {
        node: this.node,
        subscribe: request.resource_names_subscribe,
        held: request.initial_resource_versions,
      }
      this.#subscriptions.set(
        collection,
        collection.subscribe(
          first,
          (response) => this.#write(encodeResponse(collection.typeUrl, response, this.#generation)),
          this,
        ),
      )
    } else {
      // What is asked for in the same message is asked for by an Envoy that has had this response.
      if (request.response_nonce !== '') {
        if (request.error_detail) subscription.nack(request.response_nonce, oneLine(request.error_detail.message))
        else subscription.ack(request.response_nonce)
      }
      subscription.unsubscribe(request.resource_names_unsubscribe)
      subscription.subscribe(request.resource_names_subscribe)
    }
    this.flush()
  }

  /** Sends what is due, in the order of the types. */
  flush(): void {
    for (const collection of this.#collections.onDemand) this.#subscriptions.get(collection)?.flush()
    for (const [index, collection] of this.#collections.ordered.entries()) {
      const subscription = this.#subscriptions.get(collection)
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
    for (const [collection, subscription] of this.#subscriptions) {
      collection.unsubscribe(subscription, mayReturn)
    }
    return true
  }
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
