import { ResourceCollection } from './collection.js'
import type { DeliveryOptions } from './delivery.js'
import { Delivery } from './delivery.js'
import type { Subscriptions } from './subscriptions.js'

export interface ServedCollectionOptions extends Omit<DeliveryOptions, 'collection' | 'maxAResponse'> {
  readonly typeUrl: string
  /** {@link MAX_A_RESPONSE} unless there is a reason for fewer. */
  readonly maxAResponse?: number
}

/**
 * How many resources go into one response. Envoy processes responses one after the other, so a change that a caller
 * waits for takes as long as the responses in flight before it: with 100 in each, 0.05-0.15 s.
 */
const MAX_A_RESPONSE = 100

/**
 * One type of resources as it is served: what Envoys should have, what each of them has, and who waits for that. Each
 * of the three knows only those before it.
 */
export class ServedCollection {
  readonly collection: ResourceCollection
  readonly subscriptions: Subscriptions
  readonly delivery: Delivery
  readonly maxAResponse: number

  constructor({ typeUrl, maxAResponse = MAX_A_RESPONSE, ...options }: ServedCollectionOptions) {
    this.maxAResponse = maxAResponse
    this.collection = new ResourceCollection(typeUrl)
    this.delivery = new Delivery({ ...options, maxAResponse, collection: this.collection })
    this.subscriptions = this.delivery.subscriptions
  }
}
