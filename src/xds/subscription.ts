import type { Clock } from '../platform/clock.js'
import type { ResourceCollection } from './collection.js'
import { HeldVersions } from './held.js'
import type { Holding } from './holding.js'
import type { DeltaResponse, Sent } from './in-flight.js'
import { InFlight } from './in-flight.js'
import { InitialLoad } from './initial-load.js'
import type { InitialRequest } from './listing.js'
import type { SubscriptionObserver } from './observer.js'
import { Refusals } from './refusals.js'
import type { Resource } from './resource.js'

export interface SubscriptionOptions {
  readonly collection: ResourceCollection
  readonly first: InitialRequest
  /** The resources that this Envoy may have without listing them: see Unconfirmed. */
  readonly unconfirmed: Set<string>
  /** The most resources in one response. */
  readonly maxAResponse: number
  readonly send: (response: DeltaResponse) => void
  readonly observer: SubscriptionObserver
  readonly clock: Clock
}

/**
 * The protocol's state for one Envoy, one collection and one stream: what Envoy has, what is yet to be sent, and the
 * responses that it hasn't answered. Changes that arrive meanwhile go into the next response together, so a lone change
 * is sent at once and many are batched by the round trip. If more are due than fit into a response, urgent ones go
 * first. No two unanswered responses have a name in common.
 *
 * A rejected response is sent again in halves until the resource that Envoy rejects is alone; all others are delivered.
 */
export class Subscription {
  readonly #options: SubscriptionOptions
  readonly #wildcard: boolean
  /** Whether Envoy has just started and has nothing yet. */
  readonly #isNew: boolean
  readonly #named = new Set<string>()
  readonly #covers = (name: string) => this.#wildcard || this.#named.has(name)
  readonly #held: HeldVersions
  /** Names that may differ from Envoy's state and are in no response. */
  readonly #dirty = new Set<string>()
  readonly #load: InitialLoad
  /** Parts of rejected responses, which are sent again one after the other. */
  readonly #retries: string[][] = []
  readonly #inFlight: InFlight
  readonly refusals: Refusals

  constructor(options: SubscriptionOptions) {
    const { collection, first, unconfirmed, clock } = options
    this.#options = options
    this.#inFlight = new InFlight(clock)
    this.refusals = new Refusals(collection)
    this.#wildcard = first.subscribe.length === 0 || first.subscribe.includes('*')
    this.#isNew = this.#wildcard && first.listing.isEmpty
    for (const name of first.subscribe) this.#name(name)
    this.#held = new HeldVersions(collection, { listing: first.listing, isNew: this.#isNew, covers: this.#covers })
    for (const name of unconfirmed) this.#held.distrust(name)
    if (this.#wildcard) for (const name of this.#held.different()) this.#dirty.add(name)
    this.#load = new InitialLoad(this.#dirty, this.#isNew)
    if (!this.#load.isFirstPart) this.#held.loaded()
  }

  /** Adds names. Each is sent, even if Envoy was sent it before: it may have forgotten that. */
  subscribe(names: readonly string[]): void {
    for (const name of names) {
      this.#name(name)
      this.#held.forget(name)
    }
  }

  #name(name: string): void {
    if (name === '*') return
    this.#named.add(name)
    this.#dirty.add(name)
  }

  unsubscribe(names: readonly string[]): void {
    for (const name of names) {
      this.#named.delete(name)
      if (this.#wildcard) continue
      this.#held.forget(name)
      this.#dirty.delete(name)
    }
  }

  /** The collection's resource of that name changed. {@link flush} sends it. */
  changed(name: string, before: Resource | undefined): void {
    if (!this.#covers(name)) return
    this.#held.changed(name, before)
    this.#dirty.add(name)
  }

  /** Makes {@link flush} send or remove the resource of that name, whatever version Envoy has reported. */
  resend(name: string): void {
    this.#held.distrust(name)
    if (this.#covers(name)) this.#dirty.add(name)
  }

  /** Whether Envoy has answered for the collection's version of this name. */
  isSettled(name: string): boolean {
    return !this.#dirty.has(name) && !this.#inFlight.has(name) && !this.#retries.some((names) => names.includes(name))
  }

  /** What Envoy has of one name. */
  holding(name: string): Omit<Holding, 'node'> {
    return { ...this.#held.holding(name), isLoading: this.isLoading(), refusal: this.refusals.of(name) }
  }

  /** How many resources Envoy has yet to answer for. */
  get pending(): number {
    return new Set([...this.#dirty, ...this.#inFlight.names(), ...this.#retries.flat()]).size
  }

  /**
   * Whether Envoy has answered for all that existed when it subscribed, and for what changed while it loaded that.
   * Later changes don't matter.
   */
  isComplete(): boolean {
    return !this.#isAwaited() && this.#load.isComplete
  }

  /** Whether Envoy is new and still loads what existed when it subscribed: changes need not wait for it. */
  isLoading(): boolean {
    return this.#load.isFirstPart
  }

  /** For how long Envoy has owed an answer, in milliseconds; 0 if it owes none. */
  get silentMs(): number {
    return this.#inFlight.silentMs
  }

  /** Whether Envoy has left a response unanswered for this long plus the time that its resources may take. */
  isSilent(limitMs: number): boolean {
    return this.#inFlight.isSilent(limitMs)
  }

  /** Sends what is due, unless too many responses are still unanswered. */
  flush(): void {
    while (!this.#inFlight.isFull) {
      const retry = this.#retries.shift()
      const didDeliver = retry ? this.#deliver(retry) : this.#deliver(this.#due(), this.#options.maxAResponse)
      if (!didDeliver) return
    }
  }

  *#due(): Iterable<string> {
    for (const names of [this.#options.observer.urgent(), this.#dirty]) {
      for (const name of names) if (this.#dirty.has(name) && !this.#inFlight.has(name)) yield name
    }
  }

  /** A new Envoy waits for a first response, even if that is empty. */
  #isAwaited(): boolean {
    return !this.#inFlight.hasBegun && this.#isNew
  }

  /** Sends those of which Envoy has another version, up to a limit; false if there were no names. */
  #deliver(names: Iterable<string>, limit = Number.POSITIVE_INFINITY): boolean {
    const sent = new Map<string, Resource | undefined>()
    const same: string[] = []
    for (const name of names) {
      this.#dirty.delete(name)
      this.refusals.delete(name)
      const resource = this.#options.collection.get(name)
      const differs =
        resource === undefined ? this.#held.mayHave(name) || this.#named.has(name) : !this.#held.has(resource)
      if (differs) sent.set(name, resource)
      else same.push(name)
      if (sent.size === limit) break
    }
    const isSent = sent.size > 0 || this.#isAwaited()
    if (isSent) this.#options.send(this.#inFlight.add(sent))
    if (same.length > 0) this.#settled(same)
    return isSent || same.length > 0
  }

  /**
   * Called when Envoy has applied the response with this nonce. An old nonce is ignored. Call {@link flush} afterwards.
   */
  ack(nonce: string): void {
    const sent = this.#inFlight.take(nonce)
    if (sent === undefined) return
    const { unconfirmed, observer } = this.#options
    for (const [name, resource] of sent) {
      this.#held.set(name, resource)
      unconfirmed.delete(name)
    }
    for (const resource of sent.values()) if (resource !== undefined) observer.acknowledged(resource)
    this.#settled([...sent.keys()])
  }

  /**
   * Called when Envoy has rejected the response with this nonce, of which it may have applied a part. As {@link ack}.
   */
  nack(nonce: string, reason: string): void {
    const sent = this.#inFlight.take(nonce)
    if (sent === undefined) return
    if (sent.size > 1) this.#retry([...sent.keys()])
    else this.#refuse(sent, reason)
  }

  /** Envoy may have applied any of these, and doesn't report which. */
  #retry(names: readonly string[]): void {
    for (const name of names) {
      this.#held.distrust(name)
      this.#options.unconfirmed.add(name)
    }
    const half = Math.ceil(names.length / 2)
    this.#retries.unshift(names.slice(0, half), names.slice(half))
  }

  #refuse(sent: Sent, reason: string): void {
    for (const resource of sent.values()) {
      if (resource === undefined) continue
      this.refusals.add(resource, reason)
      this.#options.observer.rejected(resource, reason, this.#held.hasSome(resource.name))
    }
    this.#settled([...sent.keys()])
  }

  #settled(names: readonly string[]): void {
    const isLoaded = this.#load.answered(names)
    this.#options.observer.settled(names)
    if (!isLoaded) return
    this.#held.loaded()
    this.#load.addPart([...this.#dirty, ...this.#inFlight.names(), ...this.#retries.flat()])
    this.#options.observer.loaded()
  }
}
