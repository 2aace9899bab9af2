import { NotAcknowledgedError, ResourceRejectedError } from '../errors.js'
import type { DeliveryObserver, Resource, ResourceSource } from './resource.js'
import type { DeltaResponse, InitialRequest } from './subscription.js'
import { Subscription } from './subscription.js'

interface Waiter {
  readonly version: string | undefined
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/**
 * Called for each resource that an Envoy refuses.
 *
 * @param kept whether the collection keeps it nevertheless; not so if a change of it was waited for, which is undone
 */
export type OnRejected = (name: string, reason: string, kept: boolean) => void

export interface CollectionOptions {
  readonly typeUrl: string
  /** How long {@link ResourceCollection.apply} waits for every Envoy, in milliseconds. */
  readonly ackTimeoutMs: number
  readonly onRejected: OnRejected
}

/**
 * The resources of one type, by name: what every Envoy should have. Each Envoy that subscribes gets the differences to
 * what it holds, and those who change a resource can wait until all have answered.
 */
export class ResourceCollection implements ResourceSource, DeliveryObserver {
  readonly typeUrl: string
  readonly doubtful = new Set<string>()
  readonly #ackTimeoutMs: number
  readonly #onRejected: OnRejected
  readonly #resources = new Map<string, Resource>()
  /** Each with what has it sent what is due. */
  readonly #subscriptions = new Map<Subscription, () => void>()
  readonly #waiters = new Map<string, Set<Waiter>>()
  #flushing: NodeJS.Immediate | undefined

  constructor(options: CollectionOptions) {
    this.typeUrl = options.typeUrl
    this.#ackTimeoutMs = options.ackTimeoutMs
    this.#onRejected = options.onRejected
  }

  get(name: string): Resource | undefined {
    return this.#resources.get(name)
  }

  names(): Iterable<string> {
    return this.#resources.keys()
  }

  /** What a connected Envoy has refused of what there is, with its reason, by name. */
  refusals(): Map<string, string> {
    return new Map([...this.#subscriptions.keys()].flatMap((subscription) => [...subscription.refusals()]))
  }

  /** Adds, replaces or removes a resource and lets every Envoy know, without waiting for any. */
  set(name: string, resource: Resource | undefined): void {
    if (resource === undefined) this.#resources.delete(name)
    else this.#resources.set(name, resource)
    for (const subscription of this.#subscriptions.keys()) subscription.changed(name)
    this.#flushSoon()
  }

  /** At the end of this turn of the event loop, so that calls which arrived together leave together. */
  #flushSoon(): void {
    this.#flushing ??= setImmediate(() => {
      this.#flushing = undefined
      for (const flush of this.#subscriptions.values()) flush()
    })
  }

  /** Has these sent or removed whatever any Envoy says it holds. */
  suspect(names: Iterable<string>): void {
    for (const name of names) {
      this.doubtful.add(name)
      for (const subscription of this.#subscriptions.keys()) subscription.suspect(name)
    }
    this.#flushSoon()
  }

  /**
   * As {@link set}, and resolves when every connected Envoy (at least one) has acknowledged it. If that fails, the
   * resource of before is set again.
   *
   * @throws ResourceRejectedError with Envoy's reason, NotAcknowledgedError after the time limit
   */
  async apply(name: string, resource: Resource | undefined): Promise<void> {
    const before = this.#resources.get(name)
    try {
      await this.#delivery(name, resource)
    } catch (error) {
      this.set(name, before)
      throw error
    }
  }

  /**
   * Resolves when every connected Envoy (at least one) has what there is under this name.
   *
   * @throws as {@link apply}, which nothing is undone after
   */
  async delivered(name: string): Promise<void> {
    await this.#delivery(name, this.#resources.get(name))
  }

  #delivery(name: string, resource: Resource | undefined): Promise<void> {
    const waiters = this.#waiters.get(name) ?? new Set<Waiter>()
    this.#waiters.set(name, waiters)
    return new Promise<void>((resolve, reject) => {
      const done = (settle: () => void) => () => {
        clearTimeout(timer)
        waiters.delete(waiter)
        if (waiters.size === 0) this.#waiters.delete(name)
        settle()
      }
      const waiter: Waiter = {
        version: resource?.version,
        resolve: done(resolve),
        reject: (error) => done(() => reject(error))(),
      }
      const timer = setTimeout(() => waiter.reject(this.#timeoutError()), this.#ackTimeoutMs)
      waiters.add(waiter)
      this.set(name, resource)
    })
  }

  #timeoutError(): Error {
    const seconds = this.#ackTimeoutMs / 1000
    return new NotAcknowledgedError(
      this.#subscriptions.size === 0
        ? `no Envoy was connected for ${seconds} s`
        : `Envoy did not acknowledge it within ${seconds} s`,
    )
  }

  /**
   * An Envoy asks for this type. {@link unsubscribe} must be called when its stream ends.
   *
   * @param flush called after changes: sends what is due, when its turn has come
   */
  subscribe(first: InitialRequest, send: (response: DeltaResponse) => void, flush: () => void): Subscription {
    const subscription = new Subscription(this, this, send, first)
    this.#subscriptions.set(subscription, flush)
    // What was being removed when the Envoy before it ended, this one never had.
    this.settled([...this.#waiters.keys()])
    return subscription
  }

  /** An Envoy has gone: nobody waits for it any longer. */
  unsubscribe(subscription: Subscription): void {
    this.#subscriptions.delete(subscription)
    this.settled([...this.#waiters.keys()])
  }

  settled(names: Iterable<string>): void {
    if (this.#subscriptions.size === 0) return
    for (const name of names) {
      const waiters = this.#waiters.get(name)
      if (waiters === undefined) continue
      let everywhere = true
      for (const subscription of this.#subscriptions.keys()) everywhere &&= subscription.isSettled(name)
      if (everywhere) for (const waiter of [...waiters]) waiter.resolve()
    }
  }

  rejected(resource: Resource, reason: string): void {
    const waiters = [...(this.#waiters.get(resource.name) ?? [])].filter(({ version }) => version === resource.version)
    const kept = waiters.length === 0 && this.#resources.get(resource.name)?.version === resource.version
    this.#onRejected(resource.name, reason, kept)
    for (const waiter of waiters) waiter.reject(new ResourceRejectedError(reason))
  }
}
