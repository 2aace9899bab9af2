import type { Clock } from '../platform/clock.js'
import type { ResourceCollection } from './collection.js'
import type { DeltaResponse } from './in-flight.js'
import type { InitialRequest } from './listing.js'
import type { EnvoyObserver } from './observer.js'
import { Subscription } from './subscription.js'
import { Unconfirmed } from './unconfirmed.js'

/** The stream of a subscription. */
export interface StreamHandle {
  /** The node id of the Envoy at its other end. */
  readonly node: string
  /** After changes: sends what is due, when its turn has come. */
  flush(): void
  /** Closes it: its Envoy doesn't answer, and others have. */
  cutOff(): void
}

export interface SubscriptionsOptions {
  readonly collection: ResourceCollection
  /** The most resources in one response. */
  readonly maxAResponse: number
  readonly clock: Clock
  readonly observer: EnvoyObserver
}

interface Subscribed {
  readonly stream: StreamHandle
  /** Ends the news from the collection. */
  readonly unsubscribe: () => void
}

/** Every Envoy's subscription to one collection, and what is remembered of an Envoy between two of them. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions
  readonly #subscribed = new Map<Subscription, Subscribed>()
  readonly #unconfirmed = new Unconfirmed()

  constructor(options: SubscriptionsOptions) {
    this.#options = options
  }

  get typeUrl(): string {
    return this.#options.collection.typeUrl
  }

  get isEmpty(): boolean {
    return this.#subscribed.size === 0
  }

  /** An Envoy asks for this type. {@link close} must be called when its stream ends. */
  open(first: InitialRequest, send: (response: DeltaResponse) => void, stream: StreamHandle): Subscription {
    const { collection, maxAResponse, clock, observer } = this.#options
    const unconfirmed = this.#unconfirmed.of(first.node)
    const subscription = new Subscription({ collection, first, unconfirmed, maxAResponse, send, observer, clock })
    const unsubscribe = collection.subscribe({
      changed: (name, before) => subscription.changed(name, before),
      flush: () => stream.flush(),
    })
    this.#subscribed.set(subscription, { stream, unsubscribe })
    observer.joined(stream.node)
    return subscription
  }

  /**
   * Its stream has ended.
   *
   * @param mayReturn whether its Envoy may be serving on, about to connect again
   */
  close(subscription: Subscription, mayReturn: boolean): void {
    const subscribed = this.#subscribed.get(subscription)
    if (subscribed === undefined) return
    this.#subscribed.delete(subscription)
    subscribed.unsubscribe()
    const { node } = subscribed.stream
    // It may have connected again before its old stream has ended.
    const isGone = ![...this.#subscribed.values()].some(({ stream }) => stream.node === node)
    if (isGone) this.#unconfirmed.leave(node)
    this.#options.observer.left(node, isGone && mayReturn && !subscription.isLoading())
  }

  /** Those that have loaded what there was, and so may be serving users. */
  serving(): Subscription[] {
    return [...this.#subscribed.keys()].filter((subscription) => !subscription.isLoading())
  }

  /** Closes the stream of one. */
  cutOff(subscription: Subscription): void {
    this.#subscribed.get(subscription)?.stream.cutOff()
  }

  /** Re-sends (or removes) these names on every Envoy, whatever versions it reported or will report. */
  resend(names: Iterable<string>): void {
    for (const name of names) {
      this.#unconfirmed.add(name)
      for (const subscription of this.#subscribed.keys()) subscription.resend(name)
    }
    this.#options.collection.flushSoon()
  }

  /** The names that an Envoy may hold without listing them. */
  unconfirmed(node: string): ReadonlySet<string> {
    return this.#unconfirmed.of(node)
  }

  /** Names of the resources that the collection has and a connected Envoy has refused, with its reason. */
  refusals(): Map<string, string> {
    return new Map([...this.#subscribed.keys()].flatMap((subscription) => [...subscription.refusals]))
  }

  /** The reason for one name; undefined if no connected Envoy refuses what the collection has. */
  refusalOf(name: string): string | undefined {
    for (const subscription of this.#subscribed.keys()) {
      const reason = subscription.refusals.of(name)
      if (reason !== undefined) return reason
    }
    return undefined
  }
}
