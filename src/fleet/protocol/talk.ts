import type { Member } from '../../store/shared.js'
import { LIMITS } from './limits.js'
import type { MovingEnvoy, Status } from './messages.js'
import type { Peer } from './peer.js'
import type { Scene } from './scene.js'

const NEVER = Number.POSITIVE_INFINITY

/** What a peer had said before, and after which moment. */
interface Before {
  readonly envoys: readonly string[]
  readonly moving: readonly MovingEnvoy[]
  readonly wordAt: number
}

/** What a member and its peers tell each other. */
export class Talk {
  readonly #scene: Scene

  constructor(scene: Scene) {
    this.#scene = scene
  }

  /** Keeps up a stream with a member, unless it is gone. Returns undefined if there is one already, or it is gone. */
  meet(member: Member): Peer | undefined {
    const { peers, now, me } = this.#scene
    if (member.id === me?.id) return undefined
    const peer = peers.add(member, now)
    if (peer !== undefined) this.#scene.do({ type: 'connect', member })
    return peer
  }

  /** Takes in what a peer says of itself. */
  hear(peer: Peer, status: Status): void {
    const { now, envoys } = this.#scene
    const before = { envoys: peer.envoys, moving: peer.moving, wordAt: peer.wordAt }
    if (!peer.hears(status, now)) return
    peer.envoys = status.envoys
    peer.moving = status.moving
    if (envoys.areAnyLost) for (const node of status.envoys) envoys.found(node, peer.wordAt)
    this.#hearOfArrivals(before, status)
    this.#hearOfMoves(peer, before, status)
    if (before.envoys !== status.envoys) peer.claims(status.envoys, now)
    if (status.standing === 'out') this.#scene.remove(peer, true)
  }

  /** An Envoy that has come to a peer is no longer here, even if its stream has not ended yet. */
  #hearOfArrivals(before: Before, { envoys, moving }: Status): void {
    if (before.envoys === envoys && moving.length === 0) return
    for (const node of [...envoys, ...moving.map((one) => one.node)]) {
      const hereSince = this.#scene.envoys.hereSince(node)
      // If it was there before, it has come here from there.
      if (hereSince === undefined || before.envoys.includes(node)) continue
      if (before.moving.some((one) => one.node === node)) continue
      if (hereSince < before.wordAt) this.#scene.left(node, LIMITS.move)
    }
  }

  #hearOfMoves(peer: Peer, before: Before, { envoys, moving }: Status): void {
    for (const { node, remainingMs } of moving) {
      const known = before.moving.find((one) => one.node === node)
      // It tells of each move for as long as it waits itself.
      const isNew = known === undefined || known.remainingMs < remainingMs
      if (isNew && !this.#hasComeHere(node, peer)) this.#scene.hasLeft(node, remainingMs, false)
    }
    if (before.envoys === envoys) return
    for (const node of before.envoys) {
      if (envoys.includes(node) || moving.some((one) => one.node === node)) continue
      if (!this.#hasComeHere(node, peer)) this.#scene.hasLeft(node, LIMITS.move, false)
    }
  }

  /** Whether it has come from this peer, which was known to have it before. */
  #hasComeHere(node: string, peer: Peer): boolean {
    const hereSince = this.#scene.envoys.hereSince(node)
    return hereSince !== undefined && hereSince >= peer.claimedSince(node)
  }

  /**
   * Tells those who must know how this member is. Acknowledgements are told at once only to a peer with calls that wait for
   * them, so that the messages for a write grow with the number of members, not with its square.
   */
  tell(): void {
    const { run, now, peers, hasNews, awaits } = this.#scene
    this.#scene.hasNews = false
    for (const peer of peers) {
      const isDue = hasNews || peer.isOwedAnswer || now >= peer.sentAt + LIMITS.heartbeat
      if (isDue || peer.needs({ acknowledged: run.acknowledged, awaits })) this.#send(peer)
    }
  }

  #send(peer: Peer): void {
    const { me, standing, answered, awaits, run, envoys, peers, now } = this.#scene
    if (me === undefined) return
    const to = peer.member.id
    const { acknowledged } = run
    const [own, moving, fenced] = [envoys.own, envoys.moving(now), peers.fenced()]
    const { seq, echo } = peer.sends(now, { acknowledged, awaits })
    const leaseAgeMs = Math.max(1, Math.round(now - this.#scene.leasedAt))
    const told = { standing, acknowledged, answered, awaits, envoys: own, moving, fenced, leaseAgeMs }
    this.#scene.do({ type: 'send', to, status: { from: me, to, seq, echo, ...told } })
  }

  /** When {@link tell} must be called next. */
  get wakeAt(): number {
    let at = NEVER
    for (const { sentAt } of this.#scene.peers) if (sentAt + LIMITS.heartbeat < at) at = sentAt + LIMITS.heartbeat
    return at
  }
}
