import { NotAcknowledgedError, ResourceRejectedError } from '../errors.js'
import type { Fleet } from './fleet.js'
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
  readonly fleet: Fleet
  readonly onRejected: OnRejected
}

/** What a subscription's stream can be told. */
export interface StreamHandle {
  /** After changes: sends what is due, when its turn has come. */
  flush(): void
  /** Closes it: its Envoy doesn't answer, and others have. */
  cutOff(): void
}

/** How often those that are late are looked at. */
const LOOK_MS = 10

/**
 * The resources of one type, by name: what every Envoy should have. Each Envoy that subscribes gets the differences to
 * what it holds, and those who change a resource can wait until all have answered.
 */
export class ResourceCollection implements ResourceSource, DeliveryObserver {
  readonly typeUrl: string
  readonly doubtful = new Set<string>()
  readonly #ackTimeoutMs: number
  readonly #fleet: Fleet
  readonly #onRejected: OnRejected
  readonly #resources = new Map<string, Resource>()
  readonly #subscriptions = new Map<Subscription, StreamHandle>()
  readonly #waiters = new Map<string, Set<Waiter>>()
  #flushing: NodeJS.Immediate | undefined
  /** How many Envoys may be on their way back. */
  #returning = 0

  constructor(options: CollectionOptions) {
    this.typeUrl = options.typeUrl
    this.#ackTimeoutMs = options.ackTimeoutMs
    this.#fleet = options.fleet
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
      for (const stream of this.#subscriptions.values()) stream.flush()
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
   * As {@link set}, and resolves when every connected Envoy that serves has acknowledged it: see {@link Fleet}. If that
   * fails, the resource of before is set again.
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
   * Resolves when every connected Envoy that serves has what there is under this name.
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
        clearTimeout(looking)
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
      const { silenceMs } = this.#fleet
      const look = () => {
        this.#cutOffSilent(name, silenceMs ?? 0)
        looking = setTimeout(look, LOOK_MS)
      }
      let looking = silenceMs === undefined ? undefined : setTimeout(look, silenceMs)
      waiters.add(waiter)
      this.set(name, resource)
      this.settled([name])
    })
  }

  /** One Envoy that doesn't answer must not hold up what the others have taken. */
  #cutOffSilent(name: string, silenceMs: number): void {
    const serving = this.#serving()
    const late = serving.filter((subscription) => !subscription.isSettled(name))
    if (late.length === serving.length) return
    for (const subscription of late) {
      if (subscription.isSilent(silenceMs)) this.#subscriptions.get(subscription)?.cutOff()
    }
  }

  #serving(): Subscription[] {
    return [...this.#subscriptions.keys()].filter((subscription) => !subscription.isLoading())
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
   */
  subscribe(first: InitialRequest, send: (response: DeltaResponse) => void, stream: StreamHandle): Subscription {
    const subscription = new Subscription(this, this, send, first)
    this.#subscriptions.set(subscription, stream)
    return subscription
  }

  /**
   * An Envoy has gone.
   *
   * @param mayReturn whether it may be serving on, about to connect again
   */
  unsubscribe(subscription: Subscription, mayReturn: boolean): void {
    this.#subscriptions.delete(subscription)
    if (mayReturn && !subscription.isLoading()) this.awaitReturn(this.#fleet.returnMs)
    this.#settledAll()
  }

  /** Has changes wait for this long for Envoys that serve and are about to connect. */
  awaitReturn(ms: number): void {
    if (ms === 0) return
    this.#returning += 1
    const timer = setTimeout(() => {
      this.#returning -= 1
      this.#settledAll()
    }, ms)
    timer.unref()
  }

  loaded(): void {
    this.#settledAll()
  }

  #settledAll(): void {
    this.settled([...this.#waiters.keys()])
  }

  settled(names: Iterable<string>): void {
    if (this.#waiters.size === 0 || this.#returning > 0) return
    const serving = this.#serving()
    if (serving.length === 0 && this.#fleet.needsEnvoy) return
    for (const name of names) {
      const waiters = this.#waiters.get(name)
      if (waiters === undefined || !serving.every((subscription) => subscription.isSettled(name))) continue
      for (const waiter of [...waiters]) waiter.resolve()
    }
  }

  rejected(resource: Resource, reason: string): void {
    const waiters = [...(this.#waiters.get(resource.name) ?? [])].filter(({ version }) => version === resource.version)
    const kept = waiters.length === 0 && this.#resources.get(resource.name)?.version === resource.version
    this.#onRejected(resource.name, reason, kept)
    for (const waiter of waiters) waiter.reject(new ResourceRejectedError(reason))
  }
}
