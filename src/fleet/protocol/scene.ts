import type { Revision } from '../../routing/store.js'
import type { Member } from '../../store/shared.js'
import type { Effect } from './effect.js'
import { Whereabouts } from './envoys.js'
import { LIMITS } from './limits.js'
import type { Standing } from './messages.js'
import type { Peer } from './peer.js'
import { Peers } from './peers.js'
import { EventRun } from './run.js'

/** What the parts of one member share: the moment, what it knows, and what is to be done. */
export class Scene {
  /** The time of the current input. */
  now = 0
  effects: Effect[] = []
  me: Member | undefined
  /** When the lease was asked for, or renewed for the last time. */
  leasedAt = 0
  standing: Standing = 'out'
  /** The highest revision for which this member has given an answer. */
  answered: Revision = 0n
  /** Until when peers are to tell at once what they acknowledge. */
  awaitsUntil = Number.NEGATIVE_INFINITY
  /** Whether peers must be told something before the next heartbeat. */
  hasNews = false
  readonly peers = new Peers()
  run = new EventRun()
  readonly envoys = new Whereabouts()

  /** Whether calls wait for peers, or have lately. */
  get awaits(): boolean {
    return this.now < this.awaitsUntil
  }

  /** What is known of revisions is worth nothing any more. Where Envoys are has nothing to do with it. */
  forgetRevisions(): void {
    this.run = new EventRun()
    this.answered = 0n
  }

  do(effect: Effect): void {
    this.effects.push(effect)
  }

  /** The lease of a peer is to be revoked. */
  fence(peer: Peer): void {
    peer.fence = 'asked'
    this.hasNews = true
    this.do({ type: 'fence', id: peer.member.id })
  }

  /** An Envoy at this member has all that it lacked. */
  arrived(node: string): void {
    this.envoys.arrived(node, this.now)
    this.hasNews = true
  }

  /** An Envoy is no longer at this member. */
  left(node: string, waitMs: number): void {
    if (!this.envoys.left(node)) return
    this.hasLeft(node, waitMs, true)
  }

  /** An Envoy is no longer where it was. Writes wait for it, until a peer says that it has it. */
  hasLeft(node: string, waitMs: number, isOwn: boolean): void {
    this.envoys.moves(node, this.now, this.now + waitMs, isOwn)
    this.hasNews = true
  }

  /**
   * A peer is out: nobody waits for it any more, but for its Envoys.
   *
   * @param isSaid whether it has said so itself, and so which Envoys it had
   */
  remove(peer: Peer, isSaid: boolean): void {
    this.peers.remove(peer.member.id, this.now)
    for (const node of peer.envoys) {
      if (this.envoys.hereSince(node) === undefined) this.hasLeft(node, LIMITS.move, false)
    }
    if (!isSaid) this.envoys.mayHaveBeenAway(this.now, this.now + LIMITS.move)
    this.do({ type: 'disconnect', id: peer.member.id })
    this.hasNews = true
  }
}
