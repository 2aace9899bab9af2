import type { Revision } from '../../routing/store.js'
import type { Member } from '../../store/shared.js'

/**
 * Where a member stands.
 *
 * - `joining`: it serves no Envoys and vouches for nothing, so nobody waits for it. Also a member that has lost touch.
 * - `catching-up`: as `joining`, but from now on others wait for it.
 * - `in`: it takes calls and serves Envoys.
 * - `doubtful`: it still has its Envoys, but takes no new ones and no calls, since it can't tell whether it was fenced.
 * - `out`: it has left, or was fenced. It may join again under another id.
 */
export type Standing = 'joining' | 'catching-up' | 'in' | 'doubtful' | 'out'

/** Whether a member that stands so has Envoys. */
export function isServing(standing: Standing): boolean {
  return standing === 'in' || standing === 'doubtful'
}

/** Whether writes wait for a member that stands so. */
export function isWaitedFor(standing: Standing): boolean {
  return isServing(standing) || standing === 'catching-up'
}

/** An Envoy that is between two members. */
export interface MovingEnvoy {
  readonly node: string
  /** For how long writes still wait for it, in milliseconds. */
  readonly remainingMs: number
}

/**
 * All that a member tells a peer about itself. Each message has everything, so that losing one does no harm; of two, the
 * one with the higher `seq` counts.
 */
export interface Status {
  /** The sender, as it is registered. */
  readonly from: Member
  /** The id of the member that it is for. One that has joined again has another id, and this is not for it. */
  readonly to: string
  /** The sender counts its messages to this peer, from 1. */
  readonly seq: number
  /**
   * The highest `seq` that the sender has had from this peer; 0 for none. So the peer knows that this message was sent
   * later than that one, however long it was on its way.
   */
  readonly echo: number
  readonly standing: Standing
  /** Every Envoy of the sender has acknowledged all writes up to this one. */
  readonly acknowledged: Revision
  /** The highest revision for which the sender has given an answer. */
  readonly answered: Revision
  /** Whether calls of the sender wait for others, or have lately: then it is to be told at once what is acknowledged. */
  readonly awaits: boolean
  /** The node ids of the Envoys that it serves, and that have all that it has acknowledged. */
  readonly envoys: readonly string[]
  /** The Envoys that it waits for, since they were at a member and are at none that it knows of. */
  readonly moving: readonly MovingEnvoy[]
  /** The ids of members whose lease the sender is revoking or has revoked, as far as they are not out. */
  readonly fenced: readonly string[]
  /** How long ago the sender has asked for its lease, or renewed it, in milliseconds; 0 if it doesn't say. */
  readonly leaseAgeMs: number
}
