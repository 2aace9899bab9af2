import type { MovingEnvoy } from './messages.js'

interface Moving {
  until: number
  /** When it was last known to be at a member no more. */
  since: number
  /** Whether it was at this member. */
  readonly isOwn: boolean
}

/** How long an Envoy is remembered that was given up. */
const MEMORY_MS = 60_000

/** Where the Envoys of the fleet are: at this member, at a peer, or between two. */
export class Whereabouts {
  /** Those at this member, and since when. */
  readonly #own = new Map<string, number>()
  #ownList: readonly string[] = []
  readonly #moving = new Map<string, Moving>()
  /** Those that were given up, and when. They may be at a member that can't be heard. */
  readonly #givenUp = new Map<string, number>()

  /** Those at this member. */
  get own(): readonly string[] {
    return this.#ownList
  }

  /** Since when it is here; undefined if it isn't. */
  hereSince(node: string): number | undefined {
    return this.#own.get(node)
  }

  arrived(node: string, now: number): void {
    this.#own.set(node, now)
    this.#ownList = [...this.#own.keys()]
    this.found(node, Number.POSITIVE_INFINITY)
  }

  /** Returns false if it was not here. */
  left(node: string): boolean {
    if (!this.#own.delete(node)) return false
    this.#ownList = [...this.#own.keys()]
    return true
  }

  /** Whether {@link found} matters. */
  get areAnyLost(): boolean {
    return this.#moving.size > 0 || this.#givenUp.size > 0
  }

  /**
   * A peer says that it has this Envoy.
   *
   * @param wordAt the peer has said so after this moment. What it said earlier may be older than that the Envoy left.
   */
  found(node: string, wordAt: number): void {
    if ((this.#moving.get(node)?.since ?? wordAt) <= wordAt) this.#moving.delete(node)
    if ((this.#givenUp.get(node) ?? wordAt) <= wordAt) this.#givenUp.delete(node)
  }

  /** It is at no member that is known. Writes wait for it until the given moment, at the earliest. */
  moves(node: string, since: number, until: number, isOwn: boolean): void {
    const known = this.#moving.get(node)
    if (known === undefined) {
      this.#moving.set(node, { since, until, isOwn })
      return
    }
    known.since = since
    if (known.until < until) known.until = until
  }

  /** A member is out that could not be heard: any Envoy that is at no other one may have been there until now. */
  mayHaveBeenAway(now: number, until: number): void {
    for (const node of [...this.#moving.keys(), ...this.#givenUp.keys()]) this.moves(node, now, until, false)
    this.#givenUp.clear()
  }

  /** Whether a write must wait for one. */
  get isAnyAwaited(): boolean {
    return this.#moving.size > 0
  }

  /** When the first of them is given up; Infinity if there is none. */
  get firstUntil(): number {
    let first = Number.POSITIVE_INFINITY
    for (const { until } of this.#moving.values()) if (until < first) first = until
    return first
  }

  /** Those that were at this member. */
  moving(now: number): readonly MovingEnvoy[] {
    if (this.#moving.size === 0) return []
    const own = [...this.#moving].filter(([, { isOwn }]) => isOwn)
    return own.map(([node, { until }]) => ({ node, remainingMs: until - now }))
  }

  /**
   * Gives up those for which the wait is over.
   *
   * @param heardAt when each peer was heard since. If one wasn't, an Envoy may be there.
   */
  giveUp(now: number, heardAt: () => number): void {
    if (this.#moving.size > 0) {
      for (const [node, { until }] of this.#moving) {
        if (until > now || until > heardAt()) continue
        this.#moving.delete(node)
        this.#givenUp.set(node, now)
      }
    }
    if (this.#givenUp.size === 0) return
    for (const [node, at] of this.#givenUp) if (at + MEMORY_MS < now) this.#givenUp.delete(node)
  }
}
