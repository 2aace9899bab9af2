import type { Clock } from '../platform/clock.js'
import { SYSTEM_CLOCK } from '../platform/clock.js'
import type { Sent } from './in-flight.js'
import { InFlight } from './in-flight.js'
import type { DeliveryObserver, Resource, ResourceSource } from './resource.js'

/** One delta response: what changed for this Envoy. */
export interface DeltaResponse {
  readonly nonce: string
  readonly resources: readonly Resource[]
  readonly removed: readonly string[]
}

/** What Envoy asks for in its first request of a type on a stream. */
export interface InitialRequest {
  /** How it calls itself. */
  readonly node: string
  /** Names it wants; none, or '*', means all. */
  readonly subscribe: readonly string[]
  /** Name to version of what it holds from an earlier stream. */
  readonly held: Readonly<Record<string, string>>
}

/** In the place of a version: whatever the collection has, it is sent. Envoy has something, or perhaps nothing at all. */
const SOMETHING = ''
const ANYTHING = '?'

/**
 * One Envoy's view of one collection over one stream: what it holds, what it has yet to be told, and the responses
 * that it hasn't answered. Changes that arrive meanwhile go into the next response together, so a lone change is sent
 * at once and a crowd of them is batched by the round trip itself. Of more than fit, those that somebody waits for go
 * first. No two unanswered responses have a name in common.
 *
 * A rejected response is sent again in halves until the resource that Envoy refuses stands alone; all others arrive.
 */
export class Subscription {
  readonly #source: ResourceSource
  readonly #observer: DeliveryObserver
  readonly #send: (response: DeltaResponse) => void
  readonly #wildcard: boolean
  readonly #doubtful: Set<string>
  readonly #named = new Set<string>()
  /** The version that Envoy has of each resource, by what it acknowledged. */
  readonly #held: Map<string, string>
  /** Names that may differ from what Envoy holds and are in no response. */
  readonly #dirty = new Set<string>()
  /** Names that Envoy has yet to answer for of those there were when it subscribed or had loaded. */
  #initial: Set<string>
  #loading: boolean
  /** Parts of rejected responses, to be sent again one after the other. */
  readonly #suspects: string[][] = []
  readonly #inFlight: InFlight
  /** What Envoy said last to each name that it refused. */
  readonly #refused = new Map<string, { readonly version: string; readonly reason: string }>()

  constructor(
    source: ResourceSource,
    observer: DeliveryObserver,
    send: (response: DeltaResponse) => void,
    first: InitialRequest,
    clock: Clock = SYSTEM_CLOCK,
  ) {
    this.#source = source
    this.#observer = observer
    this.#send = send
    this.#inFlight = new InFlight(clock)
    this.#wildcard = first.subscribe.length === 0 || first.subscribe.includes('*')
    this.#held = new Map(Object.entries(first.held))
    this.#doubtful = source.doubtful(first.node)
    for (const name of this.#doubtful) this.#doubt(name)
    if (this.#wildcard) {
      for (const name of source.names()) this.#dirty.add(name)
      for (const name of this.#held.keys()) this.#dirty.add(name)
    }
    for (const name of first.subscribe) this.#name(name)
    this.#initial = new Set(this.#dirty)
    this.#loading = this.#wildcard && Object.keys(first.held).length === 0 && this.#initial.size > 0
  }

  /** Adds names. Each is sent, whatever Envoy was sent before: it may have forgotten that. */
  subscribe(names: readonly string[]): void {
    for (const name of names) {
      this.#held.delete(name)
      this.#name(name)
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
      this.#held.delete(name)
      this.#dirty.delete(name)
    }
  }

  /** The collection's resource of that name changed. {@link flush} sends it. */
  changed(name: string): void {
    if (this.#wildcard || this.#named.has(name)) this.#dirty.add(name)
  }

  /** Envoy may have another resource of that name than it says. {@link flush} sends or removes it. */
  suspect(name: string): void {
    this.#doubt(name)
    this.changed(name)
  }

  #doubt(name: string): void {
    this.#held.set(name, this.#hasSome(name) ? SOMETHING : ANYTHING)
  }

  /** Whether Envoy certainly has a resource of that name, in whatever version. */
  #hasSome(name: string): boolean {
    const version = this.#held.get(name)
    return version !== undefined && version !== ANYTHING
  }

  /** Whether Envoy has answered for all that the collection has under this name, or under any name. */
  isSettled(name?: string): boolean {
    if (name === undefined) {
      return !this.#isAwaited() && this.#dirty.size === 0 && this.#inFlight.isEmpty && this.#suspects.length === 0
    }
    return !this.#dirty.has(name) && !this.#inFlight.has(name) && !this.#suspects.some((names) => names.includes(name))
  }

  /**
   * Whether Envoy has answered for all there was when it subscribed, and for what changed while it was loading that,
   * however much has changed since.
   */
  isComplete(): boolean {
    return !this.#isAwaited() && !this.#loading && this.#initial.size === 0
  }

  /**
   * Whether Envoy has just started and is still being told what there is. It doesn't listen yet, so that nobody need
   * wait for it: before it is complete it has answered for whatever changed in this time.
   */
  isLoading(): boolean {
    return this.#loading
  }

  /** Whether Envoy has left a response unanswered for this long, and for what its resources may take besides. */
  isSilent(limitMs: number): boolean {
    return this.#inFlight.isSilent(limitMs)
  }

  /** Names and reasons of what the collection has and Envoy has refused. It isn't sent again before it changes. */
  *refusals(): Iterable<readonly [name: string, reason: string]> {
    for (const [name, { version, reason }] of this.#refused) {
      if (this.#source.get(name)?.version === version) yield [name, reason]
    }
  }

  /** Sends what is due, unless too many responses are still unanswered. */
  flush(): void {
    while (!this.#inFlight.isFull) {
      const suspects = this.#suspects.shift()
      if (!(suspects === undefined ? this.#deliver(this.#due(), this.#source.maxAResponse) : this.#deliver(suspects)))
        return
    }
  }

  *#due(): Iterable<string> {
    for (const name of this.#source.awaited()) if (this.#dirty.has(name) && !this.#inFlight.has(name)) yield name
    for (const name of this.#dirty) if (!this.#inFlight.has(name)) yield name
  }

  /** An Envoy that starts waits for a first response, even where there is nothing to say. */
  #isAwaited(): boolean {
    return !this.#inFlight.hasBegun && this.#wildcard && this.#held.size === 0
  }

  /** Sends those that Envoy has in another version, up to a limit; false if there was nothing to look at. */
  #deliver(names: Iterable<string>, limit = Number.POSITIVE_INFINITY): boolean {
    const sent = new Map<string, Resource | undefined>()
    const same: string[] = []
    for (const name of names) {
      this.#dirty.delete(name)
      this.#refused.delete(name)
      const resource = this.#source.get(name)
      if (this.#differs(name, resource)) sent.set(name, resource)
      else same.push(name)
      if (sent.size === limit) break
    }
    const isSent = sent.size > 0 || this.#isAwaited()
    if (isSent) this.#respond(sent)
    if (same.length > 0) this.#settled(same)
    return isSent || same.length > 0
  }

  #differs(name: string, resource: Resource | undefined): boolean {
    return resource === undefined
      ? this.#held.has(name) || this.#named.has(name)
      : resource.version !== this.#held.get(name)
  }

  #respond(sent: Sent): void {
    const nonce = this.#inFlight.add(sent)
    const resources = [...sent.values()].filter((resource) => resource !== undefined)
    this.#send({ nonce, resources, removed: [...sent.keys()].filter((name) => sent.get(name) === undefined) })
  }

  /** Envoy applied the response of this nonce. An old nonce is ignored. {@link flush} sends what waited for this. */
  ack(nonce: string): void {
    const sent = this.#inFlight.take(nonce)
    if (sent === undefined) return
    for (const [name, resource] of sent) {
      if (resource === undefined) this.#held.delete(name)
      else this.#held.set(name, resource.version)
      this.#doubtful.delete(name)
    }
    for (const resource of sent.values()) if (resource !== undefined) this.#observer.acknowledged(resource)
    this.#settled([...sent.keys()])
  }

  /** Envoy refused the response of this nonce; it may have applied a part of it. {@link flush} sends the parts. */
  nack(nonce: string, reason: string): void {
    const sent = this.#inFlight.take(nonce)
    if (sent === undefined) return
    const names = [...sent.keys()]
    if (names.length > 1) {
      // Envoy may have applied any of these, and will not tell which.
      for (const name of names) {
        this.#doubt(name)
        this.#doubtful.add(name)
      }
      const half = Math.ceil(names.length / 2)
      this.#suspects.unshift(names.slice(0, half), names.slice(half))
    } else {
      for (const resource of sent.values()) {
        if (resource === undefined) continue
        this.#refused.set(resource.name, { version: resource.version, reason })
        this.#observer.rejected(resource, reason, this.#hasSome(resource.name))
      }
      this.#settled(names)
    }
  }

  #settled(names: readonly string[]): void {
    for (const name of names) this.#initial.delete(name)
    this.#observer.settled(names)
    if (!this.#loading || this.#initial.size > 0) return
    // From now on changes wait for this Envoy. What changed before may have been answered to the hub without it.
    this.#loading = false
    this.#initial = new Set([...this.#dirty, ...this.#inFlight.names()])
    for (const names of this.#suspects) for (const name of names) this.#initial.add(name)
    this.#observer.loaded()
  }
}
