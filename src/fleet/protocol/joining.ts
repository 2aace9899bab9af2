import type { Revision } from '../../routing/store.js'
import { LIMITS } from './limits.js'
import type { Peers } from './peers.js'

/**
 * What a member must have done before it serves Envoys, after it has registered or when it has lost touch. Others may
 * have answered writes without it until then. So it needs
 *
 * - a snapshot that was read after a list of the members: it has all that was answered by who is not in the list;
 * - of everybody in the list, a message which says that from now on that member waits for this one, and up to where it
 *   has answered before.
 */
export class Joining {
  #isListed = false
  /** The snapshot must be read at this moment or later. */
  #loadFrom = Number.POSITIVE_INFINITY
  #isLoaded = false
  #isFirst = false
  /** How often it has begun. */
  #begins = 0
  /** The highest revision that was answered by members which have left meanwhile. */
  #answered: Revision = 0n

  /** It starts again. */
  begin(peers: Peers): void {
    this.#begins += 1
    this.#isListed = false
    this.#isLoaded = false
    this.#isFirst = false
    this.#loadFrom = Number.POSITIVE_INFINITY
    this.#answered = 0n
    for (const peer of peers) peer.setMark()
  }

  /**
   * Called for each list. Returns whether a snapshot must be read now.
   *
   * @param isAnyoneLost whether a member was removed that hasn't said so itself: nobody knows what it has answered
   */
  listed(now: number, isAnyoneLost: boolean): boolean {
    if (this.#isListed && !isAnyoneLost) return false
    this.#isListed = true
    this.#isLoaded = false
    this.#loadFrom = now
    return true
  }

  /**
   * Returns whether the snapshot was read too early, so that another one is needed.
   *
   * @param isFirst whether nobody has served Envoys over this store before this member
   */
  loaded(askedAt: number, isFirst: boolean): boolean {
    this.#isFirst = isFirst
    this.#isLoaded = askedAt >= this.#loadFrom
    return !this.#isLoaded && this.#isListed
  }

  /** A member has left in order, and has answered up to this revision. */
  left(answered: Revision): void {
    if (answered > this.#answered) this.#answered = answered
  }

  /**
   * Until when there may be Envoys on the move that no peer tells of, of a member that begins to serve now. They were at
   * members that had ended before the list which this one has joined by; and they must have the time to come here. If this
   * one had lost its place, others may have, too, so that all Envoys come at once: that takes longer.
   */
  quietUntil(now: number): number {
    if (this.#isFirst) return now
    return Math.max(this.#loadFrom + LIMITS.move, now + (this.#begins === 1 ? LIMITS.find : LIMITS.move))
  }

  get isLoaded(): boolean {
    return this.#isLoaded
  }

  /** Whether everybody has had the message that was marked. */
  isKnownTo(peers: Peers): boolean {
    for (const { hasMark } of peers) if (!hasMark) return false
    return true
  }

  /** Up to which revision others have answered without this member. */
  answeredBefore(peers: Peers): Revision {
    let answered = this.#answered
    for (const peer of peers) if (peer.answered > answered) answered = peer.answered
    return answered
  }
}
