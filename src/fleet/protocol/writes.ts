import type { Revision } from '../../routing/store.js'
import { LIMITS } from './limits.js'
import { isServing, isWaitedFor } from './messages.js'
import type { Peer } from './peer.js'
import type { Scene } from './scene.js'

/** A call that waits until every Envoy has its write. */
interface Waiting {
  readonly call: number
  readonly revision: Revision
  readonly since: number
}

/** The own writes that are stored: when they are answered, and who is fenced for that. */
export class Writes {
  readonly #scene: Scene
  #waiting: Waiting[] = []
  /** Until then there may be Envoys on the move of which this member was never told. */
  #quietUntil = Number.NEGATIVE_INFINITY

  constructor(scene: Scene) {
    this.#scene = scene
  }

  /** This member begins to take calls, but answers none that changes a route before this moment. */
  begin(quietUntil: number): void {
    this.#quietUntil = quietUntil
  }

  add(call: number, revision: Revision): void {
    this.#waiting.push({ call, revision, since: this.#scene.now })
    this.expect()
  }

  /**
   * A call waits for peers, or soon will. They know that when it is stored, if they are told now; and a little longer, so
   * that not every call of many has to tell them.
   */
  expect(): void {
    this.#scene.awaitsUntil = this.#scene.now + LIMITS.heartbeat
  }

  /** Answers all: it can't be told who has them. */
  fail(): void {
    for (const { call } of this.#waiting) this.#scene.do({ type: 'answer', call, agreed: false })
    this.#waiting = []
  }

  /** Answers what can be answered, and fences who is late. */
  settle(): void {
    if (this.#waiting.length === 0) return
    this.expect()
    const { standing, now } = this.#scene
    if (!isServing(standing)) {
      this.fail()
      return
    }
    const { length } = this.#waiting
    const still = this.#waiting.filter((waiting) => {
      if (standing === 'in' && this.#isEverywhere(waiting)) return this.#answer(waiting, true)
      return now < waiting.since + LIMITS.patience || this.#answer(waiting, false)
    })
    if (still.length < length) this.#waiting = still
  }

  #answer({ call, revision }: Waiting, agreed: boolean): false {
    if (agreed && revision > this.#scene.answered) this.#scene.answered = revision
    this.#scene.do({ type: 'answer', call, agreed })
    return false
  }

  #isEverywhere(waiting: Waiting): boolean {
    const { peers, envoys, now } = this.#scene
    let isAcknowledged = now >= this.#quietUntil
    for (const peer of peers) {
      if (hasWrite(peer, waiting)) continue
      isAcknowledged = false
      if (now >= fenceAt(peer, waiting)) this.#scene.fence(peer)
    }
    return isAcknowledged && !envoys.isAnyAwaited
  }

  /** When {@link settle} must be called next, if nothing else happens. */
  get wakeAt(): number {
    let at = Number.POSITIVE_INFINITY
    const { peers, envoys, now } = this.#scene
    for (const waiting of this.#waiting) {
      at = Math.min(at, waiting.since + LIMITS.patience)
      for (const peer of peers) if (!hasWrite(peer, waiting)) at = Math.min(at, fenceAt(peer, waiting))
      for (const moment of [this.#quietUntil, envoys.firstUntil]) if (moment > now && moment < at) at = moment
    }
    return at
  }
}

/** Whether the Envoys of this peer have the write, or it has none. */
function hasWrite(peer: Peer, { revision }: Waiting): boolean {
  return peer.acknowledged >= revision || !isWaitedFor(peer.standing)
}

/** When a peer that doesn't acknowledge a write is fenced; Infinity if that is being done. */
function fenceAt(peer: Peer, { since }: Waiting): number {
  if (peer.fence !== 'none') return Number.POSITIVE_INFINITY
  return Math.max(peer.retryAt, Math.min(peer.heardAt + LIMITS.quiet, since + LIMITS.acknowledge))
}
