import type { Input } from './protocol/input.js'
import type { PeerView } from './protocol/peer.js'

/** A control plane that has lost its place. */
export interface Fenced {
  readonly at: Date
  readonly id: string
  readonly address: string | undefined
  /** Whether it is this one. */
  readonly isSelf: boolean
  readonly why: string
}

/** How many are remembered. */
const MOST = 20

/** Who has lost its place lately, the last one first, and how often that was. */
export class FenceHistory {
  readonly #last: Fenced[] = []
  #others = 0
  #self = 0

  /** This control plane revokes the lease of another one, which a change waits for or which has ended. */
  fences(id: string, peer: PeerView | undefined): void {
    this.#others += 1
    this.#add({ at: new Date(), id, address: peer?.member.address, isSelf: false, why: whyFenced(peer) })
  }

  /**
   * This control plane has lost its own place.
   *
   * @param after what it was told just before
   */
  lost(id: string, address: string | undefined, after: Input['type']): void {
    this.#self += 1
    this.#add({ at: new Date(), id, address, isSelf: true, why: whyLost(after) })
  }

  get last(): readonly Fenced[] {
    return this.#last
  }

  /** How often this control plane has fenced another one, and lost its own place. */
  get counts(): { readonly others: number; readonly self: number } {
    return { others: this.#others, self: this.#self }
  }

  #add(fenced: Fenced): void {
    this.#last.unshift(fenced)
    this.#last.length = Math.min(this.#last.length, MOST)
  }
}

function whyLost(after: Input['type']): string {
  if (after === 'set-back') return 'the store was set back to an earlier state'
  if (after === 'stuck') return 'one of its Envoys neither took a change of another control plane nor could be cut off'
  return 'another control plane has fenced it, or the store was out of its reach for too long'
}

function whyFenced(peer: PeerView | undefined): string {
  const { heardMs, hasEnded } = peer ?? {}
  if (hasEnded) return 'it has ended: nobody listens at its address'
  if (heardMs === undefined) return 'a change waited for it, and it was never heard'
  return `a change waited for it; it was last heard ${(heardMs / 1000).toFixed(1)} s before`
}
