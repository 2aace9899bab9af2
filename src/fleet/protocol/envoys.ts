import type { Revision } from '../../routing/store.js'

interface Moving {
  readonly until: number
  /** It has all writes up to here, since its last member has acknowledged them. */
  readonly has: Revision
}

/** Where the Envoys of the fleet are: at this member, at a peer, or between two. */
export class Whereabouts {
  readonly #own = new Set<string>()
  #ownList: readonly string[] = []
  readonly #moving = new Map<string, Moving>()

  /** Those at this member. */
  get own(): readonly string[] {
    return this.#ownList
  }

  isHere(node: string): boolean {
    return this.#own.has(node)
  }

  arrived(node: string): void {
    this.#own.add(node)
    this.#ownList = [...this.#own]
    this.found(node)
  }

  /** Returns false if it was not here. */
  left(node: string): boolean {
    if (!this.#own.delete(node)) return false
    this.#ownList = [...this.#own]
    return true
  }

  get anyMoving(): boolean {
    return this.#moving.size > 0
  }

  /** It is at this member or at a peer. */
  found(node: string): void {
    this.#moving.delete(node)
  }

  /** It is at no member. Writes that it may lack wait for it until the given moment. */
  moves(node: string, until: number, has: Revision): void {
    this.#moving.set(node, { until, has })
  }

  /** Until when a write of this revision waits for Envoys between two members; -Infinity if it needn't. */
  awaitedUntil(revision: Revision): number {
    let latest = Number.NEGATIVE_INFINITY
    for (const { until, has } of this.#moving.values()) if (has < revision && until > latest) latest = until
    return latest
  }

  /** Forgets those for which the wait is over. */
  giveUp(now: number): void {
    if (this.#moving.size === 0) return
    for (const [node, { until }] of this.#moving) if (until <= now) this.#moving.delete(node)
  }
}
