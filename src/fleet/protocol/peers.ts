import type { Member } from '../../store/shared.js'
import { isServing, isWaitedFor } from './messages.js'
import { Peer } from './peer.js'

const NONE: readonly string[] = []

/** The peers of a member: all that are registered as far as it knows, and those it was told of by themselves. */
export class Peers {
  readonly #byId = new Map<string, Peer>()
  /** Those that are out, and when that was known. A message of theirs may still be on its way. */
  readonly #gone = new Map<string, number>()
  /** Whether the store has listed them since this member has registered. */
  areListed = false

  get(id: string): Peer | undefined {
    return this.#byId.get(id)
  }

  [Symbol.iterator](): Iterator<Peer> {
    return this.#byId.values()
  }

  /** Returns undefined if it is known or gone. */
  add(member: Member, now: number): Peer | undefined {
    if (this.#byId.has(member.id) || this.#gone.has(member.id)) return undefined
    const peer = new Peer(member, now)
    this.#byId.set(member.id, peer)
    return peer
  }

  /** It is out for good. */
  remove(id: string, now: number): void {
    this.#byId.delete(id)
    this.#gone.set(id, now)
  }

  clear(): void {
    this.#byId.clear()
    this.#gone.clear()
    this.areListed = false
  }

  /** Forgets those that were gone before and are in no list any more. */
  forget(listed: ReadonlySet<string>, before: number): void {
    for (const [id, at] of this.#gone) if (at < before && !listed.has(id)) this.#gone.delete(id)
  }

  /** Whether one of them may take calls, as far as this member knows. */
  get mayAnyServe(): boolean {
    for (const { mayServe } of this.#byId.values()) if (mayServe) return true
    return !this.areListed
  }

  /** Those whose lease this member revokes or has revoked. */
  fenced(): readonly string[] {
    let fenced = NONE
    for (const { fence, member } of this.#byId.values()) if (fence !== 'none') fenced = [...fenced, member.id]
    return fenced
  }

  /** The oldest of the last words of those that may fence this member; Infinity if there are none. */
  wordAt(): number {
    let oldest = Number.POSITIVE_INFINITY
    for (const { standing, wordAt } of this.#byId.values()) {
      if (wordAt < oldest && isWaitedFor(standing)) oldest = wordAt
    }
    return oldest
  }

  /** When all that may have Envoys were heard since; Infinity if there are none. */
  heardAt(): number {
    let oldest = Number.POSITIVE_INFINITY
    for (const { standing, heardAt } of this.#byId.values()) {
      if (heardAt < oldest && isServing(standing)) oldest = heardAt
    }
    return oldest
  }
}
