import type { KeyValue__Output } from '#proto/mvccpb/KeyValue.js'
import type { PlainLog } from '../../platform/log.js'
import type { Member, Members } from '../shared.js'
import { LEASE_MS, LeaseLostError } from '../shared.js'
import type { EtcdClient } from './client.js'
import { CALL_LIMIT_MS, deadlineIn } from './client.js'
import { EtcdMissingError } from './errors.js'
import type { GuardedWriter, Registration } from './guarded-writer.js'
import type { Keys } from './keys.js'
import { bytes, isCreatedAt, put, rangeIn, rangeOf, remove, revisionOf } from './operations.js'
import { RPC } from './rpc.js'

/** What a call of etcd's API is run by, which turns its errors into those of the contract. */
export type Run = <T>(task: () => Promise<T>) => Promise<T>

/**
 * Members as keys that have a lease. etcd removes the key when the lease expires. Whoever is fenced loses the key, and
 * sees so when it renews.
 */
export class EtcdMembers implements Members {
  readonly #client: EtcdClient
  readonly #keys: Keys
  readonly #writer: GuardedWriter
  readonly #run: Run
  readonly #log: PlainLog
  #mine: Registration | undefined
  /** The keys that the log has been told of. */
  readonly #skipped = new Set<string>()

  constructor(client: EtcdClient, keys: Keys, writer: GuardedWriter, run: Run, log: PlainLog) {
    this.#log = log
    this.#client = client
    this.#keys = keys
    this.#writer = writer
    this.#run = run
  }

  async join({ id, address }: Pick<Member, 'id' | 'address'>): Promise<Member> {
    const key = this.#keys.member(id)
    const value = JSON.stringify({ address })
    const registration = await this.#run(() => this.#register(key, value))
    this.#mine = registration
    this.#writer.use(registration)
    return { id, address, joined: registration.created }
  }

  async #register(key: string, value: string): Promise<Registration> {
    const { ID: lease } = await this.#client.call(RPC.leaseGrant, { TTL: LEASE_MS / 1_000 })
    const answer = await this.#client.call(RPC.txn, {
      compare: [isCreatedAt(key, 0n)],
      success: [put(key, value, lease)],
      failure: [{ request_range: { key: bytes(key) } }],
    })
    if (answer.succeeded) return { key, value, lease, created: revisionOf(answer) }
    // The answer to the first try may have been lost.
    const found = rangeIn(answer, 0)[0]
    if (found?.lease !== lease) throw new Error(`${key} is taken`)
    return { key, value, lease, created: BigInt(found.create_revision) }
  }

  async renew(): Promise<void> {
    const mine = this.#mine
    if (mine === undefined) throw new LeaseLostError()
    await this.#run(async () => {
      const until = deadlineIn(CALL_LIMIT_MS)
      const { TTL } = await this.#client.exchange(RPC.leaseKeepAlive, { ID: mine.lease }, until)
      if (Number(TTL) <= 0) throw new LeaseLostError()
      await this.#writer.settle(until)
      // A leader that has been deposed and doesn't know it would renew, too. This is what all agree on.
      const { kvs } = await this.#client.call(RPC.range, { key: bytes(mine.key) }, until)
      if (BigInt(kvs[0]?.create_revision ?? 0) !== mine.created) throw new LeaseLostError()
    })
  }

  async leave(): Promise<void> {
    const mine = this.#mine
    if (mine === undefined) return
    await this.#run(async () => {
      // Removes the key, too.
      await this.#client.call(RPC.leaseRevoke, { ID: mine.lease }).catch((error) => {
        if (!(error instanceof EtcdMissingError)) throw error
      })
    })
    if (this.#mine === mine) this.#mine = undefined
  }

  async list(): Promise<readonly Member[]> {
    const { kvs } = await this.#run(() => this.#client.call(RPC.range, rangeOf(this.#keys.members)))
    return this.#read(kvs)
  }

  /** Only while this member has its own key: of two that fence each other, the first does. */
  async fence(id: string): Promise<void> {
    const mine = this.#mine
    const { succeeded } = await this.#run(() =>
      this.#client.call(RPC.txn, {
        compare: mine === undefined ? [] : [isCreatedAt(mine.key, mine.created)],
        success: [remove(this.#keys.member(id))],
      }),
    )
    if (!succeeded) throw new LeaseLostError()
  }

  /** The members in the keys of a range. A key without a lease is nobody's, and would be waited for for ever. */
  #read(kvs: readonly KeyValue__Output[]): readonly Member[] {
    const foreign = kvs.filter(({ lease }) => lease === '0')
    for (const { key } of foreign) this.#skip(key.toString())
    return kvs.flatMap(({ key, value, create_revision, lease }) =>
      lease === '0'
        ? []
        : [{ id: this.#keys.idIn(key.toString()), address: addressIn(value), joined: BigInt(create_revision) }],
    )
  }

  /** Says so once. */
  #skip(key: string): void {
    if (this.#skipped.has(key)) return
    this.#skipped.add(key)
    this.#log.warn(`Skipped the key ${key}: it has no lease, so it is not that of a control plane`)
  }
}

/** Whoever registered without a legible address can't be reached, but is waited for. */
function addressIn(value: Buffer): string | undefined {
  try {
    const { address } = JSON.parse(value.toString()) as { address?: unknown }
    return typeof address === 'string' ? address : undefined
  } catch {
    return undefined
  }
}
