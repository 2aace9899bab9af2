import type { Clock } from '../platform/clock.js'
import type { Resource } from './resource.js'

/** The content of a response, by name; a missing resource is a removal. */
export type Sent = ReadonlyMap<string, Resource | undefined>

/** One delta response: what changed for this Envoy. */
export interface DeltaResponse {
  readonly nonce: string
  readonly resources: readonly Resource[]
  readonly removed: readonly string[]
}

/** How long Envoy may take for each resource of a response before it counts as silent, in ms. It needs 0.2-1.5. */
const MS_A_RESOURCE = 3

/**
 * How many responses may be unanswered at once. With two, Envoy works on one while the next is made; with more, the
 * batches get smaller, and each costs Envoy more.
 */
const MOST = 2

/** The responses of one type that one Envoy hasn't answered. No two have a name in common. */
export class InFlight {
  readonly #clock: Clock
  /** By nonce. */
  readonly #responses = new Map<string, Sent>()
  #made = 0
  /** When Envoy last answered, or was sent a response while no other was unanswered. */
  #heardAt: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#heardAt = clock.now()
  }

  get isEmpty(): boolean {
    return this.#responses.size === 0
  }

  get isFull(): boolean {
    return this.#responses.size >= MOST
  }

  /** Whether any response has been sent. */
  get hasBegun(): boolean {
    return this.#made > 0
  }

  has(name: string): boolean {
    for (const sent of this.#responses.values()) if (sent.has(name)) return true
    return false
  }

  *names(): Iterable<string> {
    for (const sent of this.#responses.values()) yield* sent.keys()
  }

  /** Makes the response with this content, which the caller sends. */
  add(sent: Sent): DeltaResponse {
    if (this.isEmpty) this.#heardAt = this.#clock.now()
    this.#made += 1
    const nonce = String(this.#made)
    this.#responses.set(nonce, sent)
    const resources = [...sent.values()].filter((resource) => resource !== undefined)
    return { nonce, resources, removed: [...sent.keys()].filter((name) => sent.get(name) === undefined) }
  }

  /** Called when Envoy has answered the response with this nonce; undefined if there is no such response. */
  take(nonce: string): Sent | undefined {
    const sent = this.#responses.get(nonce)
    this.#responses.delete(nonce)
    this.#heardAt = this.#clock.now()
    return sent
  }

  /** For how long Envoy has owed an answer, in milliseconds; 0 if it owes none. */
  get silentMs(): number {
    return this.isEmpty ? 0 : this.#clock.now() - this.#heardAt
  }

  /** Whether Envoy has left a response unanswered for this long plus the time that its resources may take. */
  isSilent(limitMs: number): boolean {
    const [sent] = this.#responses.values()
    return sent !== undefined && this.#clock.now() - this.#heardAt > limitMs + sent.size * MS_A_RESOURCE
  }
}
