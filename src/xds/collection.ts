import type { Clock } from '../platform/clock.js'
import { SYSTEM_CLOCK } from '../platform/clock.js'
import { Absences } from './absences.js'
import { Doubts } from './doubts.js'
import { NotAcknowledgedError, ResourceRejectedError } from './errors.js'
import type { Fleet } from './fleet.js'
import type { DeliveryObserver, Resource, ResourceSource } from './resource.js'
import type { DeltaResponse, InitialRequest } from './subscription.js'
import { Subscription } from './subscription.js'
import { Waiters } from './waiters.js'

/**
 * Called for each resource that an Envoy refuses.
 *
 * @param kept whether the collection keeps it nevertheless; not so if a change of it was waited for, which is undone, or
 *   if another has taken its place
 * @param version of what was refused
 * @param hasOther whether this Envoy goes on with another version
 */
export type OnRejected = (name: string, reason: string, kept: boolean, version: string, hasOther: boolean) => void

export interface CollectionOptions {
  readonly typeUrl: string
  /** How long {@link ResourceCollection.apply} waits for every Envoy, in milliseconds. */
  readonly ackTimeoutMs: number
  readonly fleet: Fleet
  readonly onRejected: OnRejected
  /** The most resources in one response; {@link MAX_A_RESPONSE} unless there is a reason for fewer. */
  readonly maxAResponse?: number
  /** Called for each resource that an Envoy has taken. */
  readonly onAcknowledged?: (resource: Resource) => void
  /** The system's, unless a test has one of its own. */
  readonly clock?: Clock | undefined
}

/** What a subscription's stream can be told. */
export interface StreamHandle {
  /** Which Envoy is at its other end, as it calls itself. */
  readonly node: string
  /** After changes: sends what is due, when its turn has come. */
  flush(): void
  /** Closes it: its Envoy doesn't answer, and others have. */
  cutOff(): void
}

/**
 * How many resources go into one response. Envoy takes the responses one after the other, so what somebody waits for takes
 * as long as those that are under way when it is asked for: with 100 in each 0.05-0.15 s.
 */
const MAX_A_RESPONSE = 100

/** How often those that are late are looked at. */
const LOOK_MS = 10

/** How long {@link ResourceCollection.restore} waits: whoever asked has been waiting, and is told of a failure anyway. */
const RESTORE_LIMIT_MS = 2_000

/**
 * The resources of one type, by name: what every Envoy should have. Each Envoy that subscribes gets the differences to
 * what it holds, and those who change a resource can wait until all have answered.
 */
export class ResourceCollection implements ResourceSource, DeliveryObserver {
  readonly typeUrl: string
  readonly maxAResponse: number
  readonly #doubts = new Doubts()
  readonly #ackTimeoutMs: number
  readonly #fleet: Fleet
  readonly #onRejected: OnRejected
  readonly #onAcknowledged: ((resource: Resource) => void) | undefined
  readonly #clock: Clock
  readonly #resources = new Map<string, Resource>()
  readonly #subscriptions = new Map<Subscription, StreamHandle>()
  readonly #waiters: Waiters
  #flushing: NodeJS.Immediate | undefined
  readonly #absences: Absences

  constructor(options: CollectionOptions) {
    this.typeUrl = options.typeUrl
    this.maxAResponse = options.maxAResponse ?? MAX_A_RESPONSE
    this.#ackTimeoutMs = options.ackTimeoutMs
    this.#fleet = options.fleet
    this.#onRejected = options.onRejected
    this.#onAcknowledged = options.onAcknowledged
    this.#clock = options.clock ?? SYSTEM_CLOCK
    this.#waiters = new Waiters(this.#clock)
    this.#absences = new Absences(this.#clock)
  }

  get(name: string): Resource | undefined {
    return this.#resources.get(name)
  }

  doubtful(node: string): Set<string> {
    return this.#doubts.of(node)
  }

  names(): Iterable<string> {
    return this.#resources.keys()
  }

  awaited(): Iterable<string> {
    return this.#waiters.names()
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
      this.#doubts.add(name)
      for (const subscription of this.#subscriptions.keys()) subscription.suspect(name)
    }
    this.#flushSoon()
  }

  /**
   * As {@link set}, and resolves when every connected Envoy that serves has acknowledged it: see {@link Fleet}. If that
   * fails, the resource of before is set again, unless another has taken the place meanwhile.
   *
   * @throws ResourceRejectedError with Envoy's reason, NotAcknowledgedError after the time limit
   */
  async apply(name: string, resource: Resource | undefined): Promise<void> {
    const before = this.#resources.get(name)
    try {
      await this.#delivery(name, resource, { isUndone: true, limitMs: this.#ackTimeoutMs })
    } catch (error) {
      if (this.#resources.get(name) === resource) this.set(name, before)
      throw error
    }
  }

  /**
   * Sets what there was before a change that has failed elsewhere. From then on it is what every Envoy is to have, those
   * that don't answer now and those that come later included: nothing takes it back.
   *
   * @returns whether every connected Envoy that serves has it, after at most {@link RESTORE_LIMIT_MS}
   */
  async restore(name: string, before: Resource | undefined): Promise<boolean> {
    return this.#delivery(name, before, { isUndone: false, limitMs: RESTORE_LIMIT_MS }).then(
      () => true,
      // Late or refused; it stays what they are to have, and a refusal has been told to onRejected.
      () => false,
    )
  }

  /**
   * Resolves when every connected Envoy that serves has what there is under this name.
   *
   * @throws as {@link apply}, which nothing is undone after
   */
  async delivered(name: string): Promise<void> {
    await this.#delivery(name, this.#resources.get(name), { isUndone: false, limitMs: this.#ackTimeoutMs })
  }

  #delivery(
    name: string,
    resource: Resource | undefined,
    { isUndone, limitMs }: { readonly isUndone: boolean; readonly limitMs: number },
  ): Promise<void> {
    const patientUntil = Math.max(this.#absences.until, this.#clock.now() + this.#fleet.returnMs)
    const waiter = { version: resource?.version, patientUntil, isUndone }
    const delivered = this.#waiters.wait(name, waiter, limitMs, () => this.#timeoutError(limitMs))
    const stopLooking = this.#lookForSilent(name)
    this.set(name, resource)
    this.settled([name])
    return delivered.finally(stopLooking)
  }

  /** Until the returned function is called. */
  #lookForSilent(name: string): () => void {
    const { silenceMs } = this.#fleet
    if (silenceMs === undefined) return () => {}
    const look = () => {
      this.#cutOffSilent(name, silenceMs)
      stop = this.#clock.after(LOOK_MS, look)
    }
    let stop = this.#clock.after(silenceMs, look)
    return () => stop()
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

  #timeoutError(limitMs: number): Error {
    const seconds = limitMs / 1000
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
    const subscription = new Subscription(this, this, send, first, this.#clock)
    this.#subscriptions.set(subscription, stream)
    this.#absences.end(stream.node)
    // What was being removed when the Envoy before it ended, this one never had.
    this.#settledAll()
    return subscription
  }

  /**
   * An Envoy has gone.
   *
   * @param mayReturn whether it may be serving on, about to connect again
   */
  unsubscribe(subscription: Subscription, mayReturn: boolean): void {
    const node = this.#subscriptions.get(subscription)?.node ?? ''
    this.#subscriptions.delete(subscription)
    // It may have connected anew before its old stream has ended.
    if (![...this.#subscriptions.values()].some((other) => other.node === node)) {
      this.#doubts.leave(node)
      if (mayReturn && !subscription.isLoading()) this.awaitReturn(this.#fleet.returnMs, node)
    }
    this.#settledAll()
  }

  /** Has changes wait for this long for Envoys that serve and are about to connect: the one of this name, or any. */
  awaitReturn(ms: number, node = ''): void {
    if (ms === 0) return
    this.#absences.add(node, ms)
    // A timer may be early by a fraction of a millisecond.
    this.#clock.after(ms + 1, () => this.#settledAll())
  }

  loaded(): void {
    this.#settledAll()
  }

  #settledAll(): void {
    this.settled([...this.#waiters.names()])
  }

  settled(names: Iterable<string>): void {
    if (this.#waiters.isEmpty) return
    const absentUntil = this.#absences.until
    const serving = this.#serving()
    if (serving.length === 0 && this.#fleet.needsEnvoy) return
    for (const name of names) {
      if (serving.every((subscription) => subscription.isSettled(name))) this.#waiters.resolve(name, absentUntil)
    }
  }

  acknowledged(resource: Resource): void {
    this.#onAcknowledged?.(resource)
  }

  rejected(resource: Resource, reason: string, hasOther: boolean): void {
    const { name, version } = resource
    const isWanted = this.#resources.get(name)?.version === version
    const isTakenBack = this.#waiters.reject(name, version, new ResourceRejectedError(reason))
    this.#onRejected(name, reason, isWanted && !isTakenBack, version, hasOther)
  }
}
