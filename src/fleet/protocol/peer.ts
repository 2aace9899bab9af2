import type { Revision } from '../../routing/store.js'
import type { Member } from '../../store/shared.js'
import { LIMITS } from './limits.js'
import type { MovingEnvoy, Standing, Status } from './messages.js'
import { isServing, isWaitedFor } from './messages.js'

/** What a member knows of another one, for people. */
export interface PeerView {
  readonly member: Member
  readonly standing: Standing
  readonly acknowledged: Revision
  readonly envoys: readonly string[]
  /** How long ago it was last heard, in milliseconds; undefined if never. */
  readonly heardMs: number | undefined
  /** How long ago it has asked for its lease or renewed it, as far as it has said so, in milliseconds. */
  readonly leaseAgeMs: number | undefined
  /** Whether its lease has been revoked or has ended, as far as this member knows. */
  readonly isFenced: boolean
  /** Whether its process has ended, as far as that can be told. */
  readonly hasEnded: boolean
}

/** What a peer may have to be told at once. */
type Told = Pick<Status, 'acknowledged' | 'awaits'>

/** What a member knows of another one. */
export class Peer {
  readonly member: Member
  /** Where it stood when it was last heard. One that was never heard can't be further: it needs an answer from here. */
  standing: Standing = 'joining'
  acknowledged: Revision = 0n
  answered: Revision = 0n
  /** Whether its calls wait for others. */
  #awaits = false
  /** What it was told last: up to which revision this member has acknowledged all, and whether calls wait here. */
  #told: Told = { acknowledged: 0n, awaits: false }
  envoys: readonly string[] = []
  moving: readonly MovingEnvoy[] = []
  /** When it was first heard of each of its Envoys that it has it. */
  readonly #claims = new Map<string, number>()
  /** When it was last heard; -Infinity if never. */
  heardAt = Number.NEGATIVE_INFINITY
  /** When it has asked for its lease or renewed it; undefined if it hasn't said. */
  #leasedAt: number | undefined
  /** It has its last word from after this moment: when the latest of the messages was sent that it has answered. */
  wordAt = Number.NEGATIVE_INFINITY
  /** Whether its lease is being revoked by this member, or has been. */
  fence: 'none' | 'asked' | 'revoked' = 'none'
  /** When revoking its lease may be tried again. */
  retryAt = Number.NEGATIVE_INFINITY
  /** When it is certain to serve no Envoys, though it doesn't say so; Infinity while it has its lease. */
  outAt = Number.POSITIVE_INFINITY
  /** When it was learnt of. */
  readonly since: number
  /** When the last message was sent to it. */
  sentAt = Number.NEGATIVE_INFINITY
  /** The number of the message that it must have had before this member goes on to join. */
  mark = 1
  /** Whether it must be sent a message though nothing is new. */
  isOwedAnswer = true
  /** Whether its process has ended, as far as that can be told. */
  hasEnded = false
  #sentSeq = 0
  #heardSeq = 0
  /** The highest of the own messages that it has had. */
  #echoed = 0
  /** When the messages after `#timesFrom` were sent, as far as that can still matter. */
  readonly #times: number[] = []
  #timesFrom = 0

  constructor(member: Member, now: number) {
    this.member = member
    this.since = now
  }

  /** From now on, what matters is whether it has had one of the messages that are sent from now on. */
  setMark(): void {
    this.mark = this.#sentSeq + 1
  }

  get hasMark(): boolean {
    return this.#echoed >= this.mark
  }

  /** Whether it must be told this before the next heartbeat. That calls no longer wait here need not be said. */
  needs({ acknowledged, awaits }: Told): boolean {
    return (this.#awaits && this.#told.acknowledged < acknowledged) || (awaits && !this.#told.awaits)
  }

  /** Called when a message is sent to it. Returns what the message must carry. */
  sends(now: number, told: Told): Pick<Status, 'seq' | 'echo'> {
    this.#told = told
    this.#sentSeq += 1
    this.#times.push(now)
    while (this.#times.length > 1 && (this.#times[0] as number) < now - LIMITS.word) {
      this.#times.shift()
      this.#timesFrom += 1
    }
    this.sentAt = now
    this.isOwedAnswer = false
    return { seq: this.#sentSeq, echo: this.#heardSeq }
  }

  /** Called for a message of it. Returns false if the message is older than another one that was heard. */
  hears(status: Status, now: number): boolean {
    if (status.seq <= this.#heardSeq) return false
    this.#heardSeq = status.seq
    this.heardAt = now
    this.hasEnded = false
    this.#leasedAt = status.leaseAgeMs === 0 ? undefined : now - status.leaseAgeMs
    this.#hearEcho(status.echo)
    // From now on it may go on without this member. That takes longer than its word lasts.
    if (isWaitedFor(status.standing) && !isWaitedFor(this.standing)) this.wordAt = now
    if (status.standing !== this.standing) this.isOwedAnswer = true
    this.standing = status.standing
    this.acknowledged = status.acknowledged
    this.answered = status.answered
    this.#awaits = status.awaits
    return true
  }

  #hearEcho(echo: number): void {
    if (echo <= this.#echoed) return
    this.#echoed = echo
    const at = this.#times[echo - this.#timesFrom - 1]
    if (at !== undefined && at > this.wordAt) this.wordAt = at
    const done = Math.min(echo - this.#timesFrom, this.#times.length)
    if (done <= 0) return
    this.#times.splice(0, done)
    this.#timesFrom += done
  }

  /**
   * Whether it may take calls, as far as is known: it was never heard, or has said so and then nothing else. That nobody
   * listens at the address of one that was never heard says nothing: the address may be wrong.
   */
  get mayServe(): boolean {
    return this.heardAt === Number.NEGATIVE_INFINITY || (!this.hasEnded && isServing(this.standing))
  }

  /** It says that it has these Envoys. */
  claims(nodes: readonly string[], now: number): void {
    for (const node of this.#claims.keys()) if (!nodes.includes(node)) this.#claims.delete(node)
    for (const node of nodes) if (!this.#claims.has(node)) this.#claims.set(node, now)
  }

  /** When it was first heard that it has an Envoy; Infinity if it doesn't. */
  claimedSince(node: string): number {
    return this.#claims.get(node) ?? Number.POSITIVE_INFINITY
  }

  view(now: number): PeerView {
    const { member, standing, acknowledged, envoys } = this
    return {
      ...{ member, standing, acknowledged, envoys },
      heardMs: this.heardAt < 0 ? undefined : Math.round(now - this.heardAt),
      leaseAgeMs: this.#leasedAt === undefined ? undefined : Math.round(now - this.#leasedAt),
      isFenced: this.outAt !== Number.POSITIVE_INFINITY,
      hasEnded: this.hasEnded,
    }
  }
}
