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

/** A resource that an Envoy has rejected. */
export interface Rejection {
  readonly name: string
  readonly version: string
  /** Envoy's reason. */
  readonly reason: string
  /** What the collection has now: this resource, the one before it since the change failed, or a later one. */
  readonly outcome: 'kept' | 'undone' | 'replaced'
  /** Whether this Envoy keeps an earlier version. */
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
  /** Called for each resource that an Envoy has acknowledged. */
  readonly onAcknowledged?: ((resource: Resource) => void) | undefined
  readonly clock: Clock
}

/** How often late Envoys are checked for silence. */
const POLL_MS = 10

/** How long {@link Delivery.restore} waits: its caller has been waiting already, and gets an error in any case. */
const RESTORE_LIMIT_MS = 2_000

interface Wait {
  readonly undoIfFailed: boolean
  readonly limitMs: number
}

/**
 * Changes a collection and waits until the Envoys that its {@link WaitPolicy} names have answered. It observes their
 * subscriptions, which don't know of the waiters.
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
        // It never had a resource that was being removed when its predecessor ended.
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
   * Sets a resource, and resolves when every connected Envoy that serves has acknowledged it: see {@link WaitPolicy}.
   * If that fails, the previous resource is restored, unless another has replaced it meanwhile.
   *
   * @param resource undefined for a removal
   * @throws Rejected with Envoy's reason, NotAcknowledged after the time limit
   */
  async apply(name: string, resource: Resource | undefined): Promise<void> {
    const { collection, ackTimeoutMs } = this.#options
    const before = collection.get(name)
    try {
      await this.#deliver(name, resource, { undoIfFailed: true, limitMs: ackTimeoutMs })
    } catch (error) {
      if (collection.get(name) === resource) collection.set(name, before)
      throw error
    }
  }

  /**
   * Restores the resource from before a change that has failed elsewhere. From then on every Envoy should have it,
   * including those that don't answer now and those that connect later: it is never taken back.
   *
   * @returns whether every connected Envoy that serves has it, after at most {@link RESTORE_LIMIT_MS}
   */
  async restore(name: string, before: Resource | undefined): Promise<boolean> {
    return this.#deliver(name, before, { undoIfFailed: false, limitMs: RESTORE_LIMIT_MS }).then(
      () => true,
      // Late or rejected: the collection keeps it, and onRejected has been called for a rejection.
      () => false,
    )
  }

  /**
   * Resolves when every connected Envoy that serves has the collection's version of this name.
   *
   * @throws as {@link apply}, but Rejected only when all have answered; nothing is undone
   */
  async delivered(name: string): Promise<void> {
    const { collection, ackTimeoutMs } = this.#options
    await this.#deliver(name, collection.get(name), { undoIfFailed: false, limitMs: ackTimeoutMs })
  }

  /** Makes changes wait this long for an Envoy that serves and is about to reconnect: that of this node id, or any. */
  expectReturn(ms: number, node = ''): void {
    if (ms === 0) return
    this.#returns.add(node, ms)
    this.#setAlarm()
  }

  #deliver(name: string, resource: Resource | undefined, { undoIfFailed, limitMs }: Wait): Promise<void> {
    const { collection, policy, clock } = this.#options
    const now = clock.now()
    const patientUntil = Math.max(this.#returns.until, now + policy.returnMs)
    const waiter = { version: resource?.version, patientUntil, undoIfFailed, limitMs, deadline: now + limitMs }
    const delivered = this.#waiters.add(name, waiter)
    this.#alarm.at(this.#nextLook(waiter, now))
    collection.set(name, resource)
    this.#settled([name])
    return delivered
  }

  /** When a waiter must be checked next, unless an Envoy answers before. */
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

  /** Called by the alarm: gives up expected Envoys, cuts off silent ones, and fails waiters whose time is over. */
  #ring(): void {
    const now = this.#options.clock.now()
    this.#settledAll()
    this.#cutOffSilent(now)
    this.#waiters.expire(now, (limitMs) => this.#timeoutError(limitMs))
    this.#setAlarm()
  }

  /** Cuts off Envoys that don't answer, so that they don't delay changes that others have acknowledged. */
  #cutOffSilent(now: number): void {
    const { silenceMs, cutsOffLast = false } = this.#options.policy
    if (silenceMs === undefined) return
    const late = [...this.#waiters.all()].filter(([, { deadline, limitMs }]) => deadline - limitMs + silenceMs <= now)
    for (const [name] of late) {
      const serving = this.subscriptions.serving()
      const unsettled = serving.filter((subscription) => !subscription.isSettled(name))
      if (unsettled.length === serving.length && !cutsOffLast) continue
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
    this.#options.onRejected({
      name,
      version,
      reason,
      outcome: isTakenBack ? 'undone' : isWanted ? 'kept' : 'replaced',
      hasOther,
    })
  }
}
