import type { Clock } from '../platform/clock.js'
import { Alarm } from '../platform/clock.js'
import type { ResourceCollection } from './collection.js'
import { NotAcknowledged, Rejected } from './errors.js'
import type { EnvoyObserver } from './observer.js'
import type { Resource } from './resource.js'
import { Subscriptions } from './subscriptions.js'
import type { WaitPolicy } from './wait-policy.js'
import { ExpectedReturns } from './wait-policy.js'
import type { Waiter } from './waiters.js'
import { Waiters } from './waiters.js'

/** A resource that an Envoy has refused. */
export interface Rejection {
  readonly name: string
  readonly version: string
  /** Envoy's. */
  readonly reason: string
  /** Whether the collection keeps it: not if a change to it was waited for, which is undone, or if it has been replaced. */
  readonly isKept: boolean
  /** Whether this Envoy goes on with another version. */
  readonly hasOther: boolean
}

export interface DeliveryOptions {
  readonly collection: ResourceCollection
  readonly policy: WaitPolicy
  /** How long {@link Delivery.apply} and {@link Delivery.delivered} wait, in milliseconds. */
  readonly ackTimeoutMs: number
  /** The most resources in one response. */
  readonly maxAResponse: number
  readonly onRejected: (rejection: Rejection) => void
  /** Called for each resource that an Envoy has taken. */
  readonly onAcknowledged?: ((resource: Resource) => void) | undefined
  readonly clock: Clock
}

/** How often Envoys that are late are checked for silence. */
const POLL_MS = 10

/** How long {@link Delivery.restore} waits: the caller has been waiting, and is told of a failure anyway. */
const RESTORE_LIMIT_MS = 2_000

interface Wait {
  readonly isUndone: boolean
  readonly limitMs: number
}

/**
 * Changes a collection and waits until the Envoys that its {@link WaitPolicy} names have answered. It listens to their
 * subscriptions; these don't know that anybody waits.
 */
export class Delivery {
  readonly subscriptions: Subscriptions
  readonly #options: DeliveryOptions
  readonly #waiters = new Waiters()
  readonly #returns: ExpectedReturns
  readonly #alarm: Alarm

  constructor(options: DeliveryOptions) {
    const { collection, maxAResponse, clock } = options
    this.#options = options
    this.#returns = new ExpectedReturns(clock)
    this.#alarm = new Alarm(clock, () => this.#ring())
    this.subscriptions = new Subscriptions({ collection, maxAResponse, clock, observer: this.#observer() })
  }

  #observer(): EnvoyObserver {
    return {
      joined: (node) => {
        this.#returns.end(node)
        // What was being removed when the Envoy before it ended, this one never had.
        this.#settledAll()
      },
      left: (node, mayReturn) => {
        if (mayReturn) this.expectReturn(this.#options.policy.returnMs, node)
        this.#settledAll()
      },
      loaded: () => this.#settledAll(),
      settled: (names) => this.#settled(names),
      acknowledged: (resource) => this.#options.onAcknowledged?.(resource),
      rejected: (resource, reason, hasOther) => this.#rejected(resource, reason, hasOther),
      urgent: () => this.#waiters.names(),
    }
  }

  /**
   * Sets a resource, and resolves when every connected Envoy that serves has acknowledged it: see {@link WaitPolicy}. If
   * that fails, the resource of before is set again, unless another has taken its place meanwhile.
   *
   * @param resource undefined for a removal
   * @throws Rejected with Envoy's reason, NotAcknowledged after the time limit
   */
  async apply(name: string, resource: Resource | undefined): Promise<void> {
    const { collection, ackTimeoutMs } = this.#options
    const before = collection.get(name)
    try {
      await this.#deliver(name, resource, { isUndone: true, limitMs: ackTimeoutMs })
    } catch (error) {
      if (collection.get(name) === resource) collection.set(name, before)
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
    return this.#deliver(name, before, { isUndone: false, limitMs: RESTORE_LIMIT_MS }).then(
      () => true,
      // Late or refused; it stays what they are to have, and a refusal has been told to onRejected.
      () => false,
    )
  }

  /**
   * Resolves when every connected Envoy that serves has what the collection has under this name.
   *
   * @throws as {@link apply}; nothing is undone
   */
  async delivered(name: string): Promise<void> {
    const { collection, ackTimeoutMs } = this.#options
    await this.#deliver(name, collection.get(name), { isUndone: false, limitMs: ackTimeoutMs })
  }

  /** Changes wait this long for Envoys that serve and are about to connect: the one of this node id, or any. */
  expectReturn(ms: number, node = ''): void {
    if (ms === 0) return
    this.#returns.add(node, ms)
    this.#setAlarm()
  }

  #deliver(name: string, resource: Resource | undefined, { isUndone, limitMs }: Wait): Promise<void> {
    const { collection, policy, clock } = this.#options
    const now = clock.now()
    const patientUntil = Math.max(this.#returns.until, now + policy.returnMs)
    const waiter = { version: resource?.version, patientUntil, isUndone, limitMs, deadline: now + limitMs }
    const delivered = this.#waiters.add(name, waiter)
    this.#alarm.at(this.#nextLook(waiter, now))
    collection.set(name, resource)
    this.#settled([name])
    return delivered
  }

  /** When there is next something to do for a waiter, unless an Envoy answers before. */
  #nextLook(waiter: Waiter, now: number): number {
    const { silenceMs } = this.#options.policy
    const began = waiter.deadline - waiter.limitMs
    const lookAt = silenceMs === undefined ? waiter.deadline : Math.max(began + silenceMs, now + POLL_MS)
    const returnBy = Math.min(this.#returns.until, waiter.patientUntil)
    return Math.min(waiter.deadline, lookAt, returnBy > now ? returnBy : waiter.deadline)
  }

  #setAlarm(): void {
    const now = this.#options.clock.now()
    for (const [, waiter] of this.#waiters.all()) this.#alarm.at(this.#nextLook(waiter, now))
  }

  /** Time has passed: Envoys that were expected are given up, those that are silent are cut off, and waiters fail. */
  #ring(): void {
    const now = this.#options.clock.now()
    this.#settledAll()
    this.#cutOffSilent(now)
    this.#waiters.expire(now, (limitMs) => this.#timeoutError(limitMs))
    this.#setAlarm()
  }

  /** One Envoy that doesn't answer must not hold up what the others have taken. */
  #cutOffSilent(now: number): void {
    const { silenceMs } = this.#options.policy
    if (silenceMs === undefined) return
    const late = [...this.#waiters.all()].filter(([, { deadline, limitMs }]) => deadline - limitMs + silenceMs <= now)
    for (const [name] of late) {
      const serving = this.subscriptions.serving()
      const unsettled = serving.filter((subscription) => !subscription.isSettled(name))
      if (unsettled.length === serving.length) continue
      const silent = unsettled.filter((subscription) => subscription.isSilent(silenceMs))
      for (const subscription of silent) this.subscriptions.cutOff(subscription)
    }
  }

  #timeoutError(limitMs: number): Error {
    const seconds = limitMs / 1000
    return new NotAcknowledged(
      this.subscriptions.isEmpty
        ? `no Envoy was connected for ${seconds} s`
        : `Envoy did not acknowledge it within ${seconds} s`,
    )
  }

  #settledAll(): void {
    this.#settled([...this.#waiters.names()])
  }

  #settled(names: Iterable<string>): void {
    this.#settle(names)
    if (this.#waiters.isEmpty) this.#alarm.cancel()
  }

  #settle(names: Iterable<string>): void {
    if (this.#waiters.isEmpty) return
    const serving = this.subscriptions.serving()
    if (serving.length === 0 && this.#options.policy.needsEnvoy) return
    const [now, returnBy] = [this.#options.clock.now(), this.#returns.until]
    for (const name of names) {
      if (serving.every((subscription) => subscription.isSettled(name))) this.#waiters.resolve(name, now, returnBy)
    }
  }

  #rejected({ name, version }: Resource, reason: string, hasOther: boolean): void {
    const isWanted = this.#options.collection.get(name)?.version === version
    const isTakenBack = this.#waiters.reject(name, version, new Rejected(reason))
    this.#options.onRejected({ name, version, reason, isKept: isWanted && !isTakenBack, hasOther })
  }
}
