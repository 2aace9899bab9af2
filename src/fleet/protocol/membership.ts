import type { Member } from '../../store/shared.js'
import type { Input } from './input.js'
import { Joining } from './joining.js'
import { LIMITS } from './limits.js'
import type { Standing } from './messages.js'
import { isServing, isWaitedFor } from './messages.js'
import { Place } from './place.js'
import type { Scene } from './scene.js'
import type { Talk } from './talk.js'
import type { Writes } from './writes.js'

const NEVER = Number.POSITIVE_INFINITY

type Told = Extract<Input, { type: 'joined' | 'loaded' | 'members' | 'renewed' | 'lost' | 'stuck' | 'leave' }>

/** Where a member stands among the others: how it joins, knows that it has its place, and loses it. */
export class Membership {
  readonly #scene: Scene
  readonly #talk: Talk
  readonly #writes: Writes
  readonly #place = new Place()
  readonly #joining = new Joining()
  #joinAskedAt = 0
  #listAt = Number.NEGATIVE_INFINITY
  #renewAt = NEVER
  #doubtUntil = NEVER

  constructor(scene: Scene, talk: Talk, writes: Writes) {
    this.#scene = scene
    this.#talk = talk
    this.#writes = writes
  }

  take(told: Told): void {
    switch (told.type) {
      case 'joined':
        this.#joined(told.me, told.askedAt)
        break
      case 'loaded':
        this.#scene.run.loaded(told.revision)
        if (this.#joining.loaded(told.askedAt, told.isFirst === true)) this.#scene.do({ type: 'load' })
        break
      case 'members':
        this.#listed(told.members, told.askedAt)
        break
      case 'renewed':
        if (told.askedAt >= this.#joinAskedAt) this.#renewed(told.askedAt)
        break
      case 'lost':
        if (told.id === this.#scene.me?.id) this.lose()
        break
      case 'stuck':
        this.lose()
        break
      case 'leave':
        this.#end()
        this.#scene.do({ type: 'gone' })
    }
  }

  #joined(me: Member, askedAt: number): void {
    this.#scene.me = me
    this.#joinAskedAt = askedAt
    this.#renewed(askedAt)
    this.#renewAt = askedAt + LIMITS.renew
    this.#listAt = Number.NEGATIVE_INFINITY
    this.#joining.begin(this.#scene.peers)
    this.#stand('joining')
  }

  #renewed(askedAt: number): void {
    this.#scene.leasedAt = askedAt
    this.#place.confirmed(askedAt)
  }

  #listed(members: readonly Member[], askedAt: number): void {
    const { me, peers, now, standing } = this.#scene
    if (me === undefined || askedAt < this.#joinAskedAt) return
    const listed = new Set(members.map(({ id }) => id))
    if (!listed.has(me.id)) {
      this.lose()
      return
    }
    this.#place.confirmed(askedAt)
    let isAnyoneLost = false
    for (const peer of peers) {
      if (listed.has(peer.member.id) || peer.since >= askedAt || peer.outAt !== NEVER) continue
      isAnyoneLost = true
      // Its lease is over, but it may learn that only when its word ends.
      if (isWaitedFor(peer.standing)) peer.outAt = now + LIMITS.out
      else this.#scene.remove(peer, true)
    }
    for (const member of members) this.#talk.meet(member)
    peers.areListed = true
    peers.forget(listed, askedAt)
    if (isServing(standing)) return
    this.#fenceEnded(listed)
    if (!this.#joining.listed(now, isAnyoneLost)) return
    this.#scene.do({ type: 'load' })
    if (standing === 'catching-up') this.#stand('joining')
  }

  /**
   * Whoever joins need not wait for the lease of a peer whose process has ended. One that was never heard under its id may
   * only have yet to open its port.
   */
  #fenceEnded(listed: ReadonlySet<string>): void {
    for (const peer of this.#scene.peers) {
      const isGone = peer.hasEnded && peer.heardAt !== Number.NEGATIVE_INFINITY
      if (isGone && peer.fence === 'none' && listed.has(peer.member.id)) this.#scene.fence(peer)
    }
  }

  /** A peer has left in order, and has answered up to this revision. */
  peerLeft(answered: bigint): void {
    this.#joining.left(answered)
  }

  /** Its lease is lost: it joins again, as a new member. */
  lose(): void {
    if (this.#scene.me === undefined) return
    this.#end()
    this.#scene.do({ type: 'join' })
  }

  /** Ends its Envoys' streams, tells its peers, and forgets them. */
  #end(): void {
    this.#stand('out')
    this.#writes.fail()
    this.#talk.tell()
    for (const { member, envoys } of this.#scene.peers) {
      this.#scene.do({ type: 'disconnect', id: member.id })
      // When this member is back, a peer that hangs now may be in no list, and nobody else may know what it had.
      for (const node of envoys) this.#scene.hasLeft(node, LIMITS.out + LIMITS.move, false)
    }
    this.#scene.peers.clear()
    this.#scene.me = undefined
    this.#place.lost()
  }

  #stand(standing: Standing): void {
    this.#scene.standing = standing
    this.#scene.hasNews = true
    this.#scene.do({ type: 'standing', standing })
    if (isServing(standing)) return
    for (const node of this.#scene.envoys.own) this.#scene.left(node, LIMITS.move)
  }

  /** Does what is due by now. */
  look(): void {
    const { me, peers, envoys, now } = this.#scene
    if (me === undefined) return
    for (const peer of peers) if (peer.outAt <= now) this.#scene.remove(peer, false)
    envoys.giveUp(now, () => peers.heardAt())
    if (isServing(this.#scene.standing)) this.#lookAtPlace()
    else this.#goOnJoining()
    this.#askStore()
  }

  get #placeUntil(): number {
    return this.#place.until(this.#scene.peers.wordAt())
  }

  #goOnJoining(): void {
    const { standing, peers, run, now } = this.#scene
    if (!this.#joining.isLoaded || !this.#joining.isKnownTo(peers)) return
    if (standing === 'joining') {
      for (const peer of peers) peer.setMark()
      this.#stand('catching-up')
    }
    if (now >= this.#placeUntil || !this.#joining.isKnownTo(peers)) return
    if (run.acknowledged < this.#joining.answeredBefore(peers)) return
    this.#writes.begin(this.#joining.quietUntil(now))
    this.#stand('in')
  }

  #lookAtPlace(): void {
    const { standing, peers, now } = this.#scene
    if (now < this.#placeUntil) {
      if (standing === 'doubtful') this.#stand('in')
    } else if (standing === 'in') {
      this.#doubtUntil = now + LIMITS.doubt
      this.#stand('doubtful')
    } else if (now >= this.#doubtUntil) {
      this.#joining.begin(peers)
      this.#stand('joining')
    }
  }

  #askStore(): void {
    const { now } = this.#scene
    if (now >= this.#listNextAt) {
      this.#listAt = now
      this.#scene.do({ type: 'list' })
    }
    if (now < this.#renewAt) return
    this.#renewAt = now + LIMITS.renew
    this.#scene.do({ type: 'renew' })
  }

  get #listNextAt(): number {
    const again = this.#listAt + LIMITS.askEvery
    if (this.#scene.standing !== 'in') return again
    const needed = Math.min(this.#listAt + LIMITS.renew, this.#scene.peers.wordAt() + LIMITS.askAfter)
    return Math.max(again, needed)
  }

  /** When {@link look} must be called next. */
  get wakeAt(): number {
    const { me, peers, standing } = this.#scene
    if (me === undefined) return NEVER
    let at = Math.min(this.#listNextAt, this.#renewAt)
    if (standing === 'in') at = Math.min(at, this.#placeUntil)
    if (standing === 'doubtful') at = Math.min(at, this.#doubtUntil)
    for (const { outAt } of peers) if (outAt < at) at = outAt
    return at
  }
}
