import { LIMITS } from './limits.js'

/**
 * Whether a member still has its place, by its own clock. Others stop waiting for a member some time after its lease was
 * revoked, so it must know by then, even if nobody can reach it.
 *
 * It has its place while the store has said so lately; or while its lease runs by its own clock and every peer has said
 * lately that it still waits for this member. With both, neither a store that is away nor a peer that ends takes the
 * Envoys from those who are well.
 */
export class Place {
  #storeAt = Number.NEGATIVE_INFINITY

  /** The store has confirmed the lease, as of this moment or later. */
  confirmed(askedAt: number): void {
    if (askedAt > this.#storeAt) this.#storeAt = askedAt
  }

  /** The lease is lost. */
  lost(): void {
    this.#storeAt = Number.NEGATIVE_INFINITY
  }

  /** @param wordAt the oldest of the last words of those peers that may fence this member; Infinity if there are none */
  until(wordAt: number): number {
    const byStore = this.#storeAt + LIMITS.word
    const byPeers = Math.min(this.#storeAt + LIMITS.lease, wordAt + LIMITS.word)
    return Math.max(byStore, byPeers)
  }
}
