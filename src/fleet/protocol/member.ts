import type { Revision } from '../../routing/store.js'
import type { Effect } from './effect.js'
import type { Input } from './input.js'
import { LIMITS } from './limits.js'
import { Membership } from './membership.js'
import type { Standing, Status } from './messages.js'
import { isServing } from './messages.js'
import type { PeerView } from './peer.js'
import { Scene } from './scene.js'
import { Talk } from './talk.js'
import { Writes } from './writes.js'

/**
 * One control plane among those over one store: a state machine without sockets, clocks or promises. It is told what
 * happens, with the time of its own monotonic clock in milliseconds, and says what must be done.
 *
 * It decides when a write is answered, who is fenced, and whether this member may serve Envoys. docs/fleet.md explains
 * the protocol and why it is right.
 */
export class FleetMember {
  readonly #scene = new Scene()
  readonly #talk = new Talk(this.#scene)
  readonly #writes = new Writes(this.#scene)
  readonly #membership = new Membership(this.#scene, this.#talk, this.#writes)

  get standing(): Standing {
    return this.#scene.standing
  }

  /** Every own Envoy has all writes up to this one. */
  get acknowledged(): Revision {
    return this.#scene.run.acknowledged
  }

  /** When its lease was asked for, or renewed for the last time; undefined while it is not registered. */
  get leasedAt(): number | undefined {
    return this.#scene.me && this.#scene.leasedAt
  }

  /** Takes in what has happened. Before all else it looks at the time: its place may be gone since it last did. */
  handle(input: Input, now: number): readonly Effect[] {
    const scene = this.#scene
    scene.now = now
    scene.effects = []
    this.#look()
    this.#take(input)
    this.#look()
    this.#talk.tell()
    return scene.effects
  }

  #look(): void {
    this.#membership.look()
    this.#writes.settle()
  }

  /** When it must be told of the time at the latest, on the clock of its inputs. */
  get wakeAt(): number {
    return Math.min(this.#talk.wakeAt, this.#membership.wakeAt, this.#writes.wakeAt)
  }

  #take(input: Input): void {
    switch (input.type) {
      case 'tick':
        break
      case 'heard':
        this.#hear(input.status)
        break
      case 'writing':
        this.#writes.expect()
        break
      case 'agree':
        this.#agree(input.call, input.revision)
        break
      case 'event':
      case 'applied':
        this.#follow(input)
        break
      case 'envoy-here':
        this.#scene.arrived(input.node)
        break
      case 'envoy-left':
        this.#scene.left(input.node, LIMITS.move - input.silentMs)
        break
      case 'ended':
        this.#ended(input.id)
        break
      case 'set-back':
        // Before its peers are told that it is out: what it had answered must keep none of them waiting.
        this.#scene.forgetRevisions()
        this.#membership.lose()
        break
      case 'revoked':
      case 'not-revoked':
        this.#revoked(input.id, input.type === 'revoked')
        break
      default:
        this.#membership.take(input)
    }
  }

  #follow({ type, revision }: Extract<Input, { type: 'event' | 'applied' }>): void {
    const { run } = this.#scene
    if (type === 'applied') run.applied(revision)
    else if (run.reported(revision)) this.#scene.do({ type: 'apply', revision })
  }

  #hear(status: Status): void {
    const { me, peers } = this.#scene
    if (me?.id !== status.to) return
    const peer = peers.get(status.from.id) ?? this.#talk.meet(status.from)
    if (peer === undefined) return
    this.#talk.hear(peer, status)
    if (status.standing === 'out') this.#membership.peerLeft(status.answered)
    if (status.fenced.includes(me.id)) this.#membership.lose()
  }

  #ended(id: string): void {
    const peer = this.#scene.peers.get(id)
    if (peer !== undefined) peer.hasEnded = true
  }

  /** Members that were never heard serve no Envoys: they don't before this one has answered them. */
  #agree(call: number, revision: Revision): void {
    if (isServing(this.standing)) this.#writes.add(call, revision)
    else this.#scene.do({ type: 'answer', call, agreed: false })
  }

  #revoked(id: string, succeeded: boolean): void {
    const peer = this.#scene.peers.get(id)
    if (peer === undefined) return
    const { now } = this.#scene
    peer.fence = succeeded ? 'revoked' : 'none'
    // Who joins must learn by a list that it is gone, and read then what it had answered.
    if (succeeded && isServing(this.standing)) peer.outAt = Math.min(peer.outAt, now + LIMITS.out)
    else peer.retryAt = now + LIMITS.askEvery
  }

  /**
   * Whether callers should come here. They should if it serves; and if no member does, as far as it knows, since then any
   * of them can show the routes and say why they can't be changed. A member that was fenced knows nothing of others.
   */
  get isReady(): boolean {
    const { me, peers, standing } = this.#scene
    return isServing(standing) || (me !== undefined && !peers.mayAnyServe)
  }

  /** Its peers, as far as it knows. */
  peers(): PeerView[] {
    return [...this.#scene.peers].map((peer) => peer.view(this.#scene.now))
  }

  /** Whether it is the one that stores activity: the oldest of those that serve. */
  get isOldest(): boolean {
    const { me, peers } = this.#scene
    if (me === undefined || !isServing(this.standing)) return false
    for (const { standing, member } of peers) if (isServing(standing) && member.joined < me.joined) return false
    return true
  }
}
