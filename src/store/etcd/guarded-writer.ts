import type { RequestOp } from '#proto/etcdserverpb/RequestOp.js'
import type { TxnResponse__Output } from '#proto/etcdserverpb/TxnResponse.js'
import type { Revision } from '../../routing/store.js'
import { LeaseLostError } from '../shared.js'
import type { Deadline, EtcdClient } from './client.js'
import { CALL_LIMIT_MS, deadlineIn } from './client.js'
import { EtcdAwayError } from './errors.js'
import { bytes, isCreatedAt, isModifiedAt, put, rangeIn, revisionOf } from './operations.js'
import { RPC } from './rpc.js'

/** The registration of a member, under which it writes. */
export interface Registration {
  readonly key: string
  readonly value: string
  readonly lease: string
  /** When the key was created. Another revision is another registration. */
  readonly created: Revision
}

/**
 * Writes in the name of a member, so that a write can't take effect late. Without this, one that an etcd got but didn't
 * answer, since it stood still, could undo what was answered meanwhile.
 *
 * Each write demands that the member's key is as last written. If the outcome of a write is unknown, the key is written
 * again before the next one: then the earlier one has taken effect, or never will. A member that was fenced has no key,
 * so it can't write at all.
 */
export class GuardedWriter {
  readonly #client: EtcdClient
  #mine: Registration | undefined
  /** When the member's key was last written. */
  #modified: Revision = 0n
  /** Whether a write may still take effect. */
  #isOpen = false
  #settling: Promise<void> | undefined

  constructor(client: EtcdClient) {
    this.#client = client
  }

  /** Writes as this member from now on; undefined for writes as no member. */
  use(registration: Registration | undefined): void {
    this.#mine = registration
    this.#modified = registration?.created ?? 0n
    this.#isOpen = false
  }

  /**
   * Carries out the operations in one transaction. The endpoints are tried in turn.
   *
   * @throws LeaseLostError, EtcdError, EtcdAwayError
   */
  async write(operations: readonly RequestOp[]): Promise<TxnResponse__Output> {
    const until = deadlineIn(CALL_LIMIT_MS)
    let tries = 0
    while (true) {
      await this.settle(until)
      const modified = this.#modified
      try {
        const answer = await this.#try(operations, until)
        if (answer.succeeded) return answer
        this.#check(answer)
      } catch (error) {
        if (!(error instanceof EtcdAwayError)) throw error
        if (this.#mine !== undefined && modified === this.#modified) this.#isOpen = true
        tries += 1
        if (tries >= this.#client.endpoints || performance.now() >= until) throw error
      }
    }
  }

  /** Whether a write of unknown outcome may still take effect. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Sees to it that no write of unknown outcome takes effect any more. @throws LeaseLostError, EtcdError, EtcdAwayError */
  async settle(until: Deadline = deadlineIn(CALL_LIMIT_MS)): Promise<void> {
    if (!this.#isOpen) return
    this.#settling ??= this.#close(until).finally(() => {
      this.#settling = undefined
    })
    await this.#settling
  }

  #try(operations: readonly RequestOp[], until: Deadline): Promise<TxnResponse__Output> {
    const mine = this.#mine
    if (mine === undefined) return this.#client.once(RPC.txn, { success: [...operations] }, until)
    const request = {
      compare: [isModifiedAt(mine.key, this.#modified)],
      success: [...operations],
      failure: [{ request_range: { key: bytes(mine.key) } }],
    }
    return this.#client.once(RPC.txn, request, until)
  }

  /** After a refused write: another of this member's writes has just written the key anew, or it has none any more. */
  #check(answer: TxnResponse__Output): void {
    const found = rangeIn(answer, 0)[0]
    if (found === undefined || BigInt(found.create_revision) !== this.#mine?.created) throw new LeaseLostError()
    this.#modified = BigInt(found.mod_revision)
  }

  async #close(until: Deadline): Promise<void> {
    const mine = this.#mine
    if (mine === undefined) return
    const { key, value, lease, created } = mine
    const request = { compare: [isCreatedAt(key, created)], success: [put(key, value, lease)] }
    const answer = await this.#client.call(RPC.txn, request, until)
    if (!answer.succeeded) throw new LeaseLostError()
    this.#modified = revisionOf(answer)
    this.#isOpen = false
  }
}
