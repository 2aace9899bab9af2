import type { Clock } from '../platform/clock.js'
import type { ResourceCollection } from './collection.js'
import type { Holding } from './holding.js'
import type { DeltaResponse } from './in-flight.js'
import type { InitialRequest } from './listing.js'
import type { EnvoyObserver } from './observer.js'
import { Subscription } from './subscription.js'
import type { OnDoubts } from './unconfirmed.js'
import { Unconfirmed } from './unconfirmed.js'

/** The stream of a subscription. */
export interface StreamHandle {
  /** The node id of the Envoy at its other end. */
  readonly node: string
  /** Called after changes: sends what is due, in the order of the types. */
  flush(): void
  /** Closes the stream, since its Envoy doesn't answer although others have. */
  cutOff(): void
}

export interface SubscriptionsOptions {
  readonly collection: ResourceCollection
  /** The most resources in one response. */
  readonly maxAResponse: number
  readonly clock: Clock
  readonly observer: EnvoyObserver
}

/** What is known of names that Envoys may have without listing them: see Unconfirmed. */
export interface EnvoyDoubts {
  /** The listener is told of all names of an Envoy that is or was connected here, when they have changed. */
  watch(listener: OnDoubts): void
  /** All that there are now. */
  all(): Iterable<readonly [node: string, names: readonly string[]]>
  /** Another control plane tells of them; an Envoy that comes from there, or has come, is sent these again. */
  learn(node: string, names: readonly string[]): void
}

interface Subscribed {
  readonly stream: StreamHandle
  /** Ends the notifications of the collection. */
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

  /** Called when an Envoy subscribes to this type. {@link close} must be called when its stream ends. */
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
   * Called when its stream has ended.
   *
   * @param mayReturn whether its Envoy may still be serving, about to reconnect
   */
  close(subscription: Subscription, mayReturn: boolean): void {
    const subscribed = this.#subscribed.get(subscription)
    if (subscribed === undefined) return
    this.#subscribed.delete(subscription)
    subscribed.unsubscribe()
    const { node } = subscribed.stream
    // It may have reconnected before its old stream has ended.
    const isGone = ![...this.#subscribed.values()].some(({ stream }) => stream.node === node)
    if (isGone) this.#unconfirmed.leave(node)
    this.#options.observer.left(node, isGone && mayReturn && !subscription.isLoading())
  }

  /** The subscriptions of Envoys that have loaded what existed when they subscribed, and so may serve users. */
  serving(): Subscription[] {
    return [...this.#subscribed.keys()].filter((subscription) => !subscription.isLoading())
  }

  /** What each connected Envoy has of one name. */
  holdings(name: string): Holding[] {
    return [...this.#subscribed].map(([subscription, { stream }]) => ({
      node: stream.node,
      ...subscription.holding(name),
    }))
  }

  /** Closes a subscription's stream. */
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

  /** Names that an Envoy may have without listing them, for other control planes to which it may go. */
  readonly doubts: EnvoyDoubts = {
    watch: (listener) => {
      this.#unconfirmed.onDoubts = listener
    },
    all: () => this.#unconfirmed.all(),
    learn: (node, names) => this.#learn(node, names),
  }

  #learn(node: string, names: readonly string[]): void {
    const here = [...this.#subscribed].filter(([, { stream }]) => stream.node === node)
    if (here.length === 0) {
      this.#unconfirmed.learn(node, names)
      return
    }
    // It came before this news did.
    for (const name of names) {
      this.#unconfirmed.of(node).add(name)
      for (const [subscription] of here) subscription.resend(name)
    }
    this.#options.collection.flushSoon()
  }

  /** The resources that an Envoy may have without listing them. */
  unconfirmed(node: string): ReadonlySet<string> {
    return this.#unconfirmed.of(node)
  }

  /** The resources of the collection that a connected Envoy has rejected, by name, with its reason. */
  refusals(): Map<string, string> {
    return new Map([...this.#subscribed.keys()].flatMap((subscription) => [...subscription.refusals]))
  }

  /** The reason for one name; undefined if no connected Envoy rejects the collection's version. */
  refusalOf(name: string): string | undefined {
    for (const subscription of this.#subscribed.keys()) {
      const reason = subscription.refusals.of(name)
      if (reason !== undefined) return reason
    }
    return undefined
  }
}
