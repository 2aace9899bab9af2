import type { Pieces } from '../activity-pieces.js'
import type { EtcdClient } from './client.js'
import type { Keys } from './keys.js'
import { bytes, rangeOf } from './operations.js'
import { RPC } from './rpc.js'

/** The pieces of a store's activity as keys of etcd. */
export class ActivityKeys implements Pieces {
  readonly #client: EtcdClient
  readonly #keys: Keys

  constructor(client: EtcdClient, keys: Keys) {
    this.#client = client
    this.#keys = keys
  }

  async list(): Promise<readonly string[]> {
    const { kvs } = await this.#client.call(RPC.range, rangeOf(this.#keys.activities))
    const texts = new Map(kvs.map(({ key, value }) => [key.toString(), value.toString()]))
    return Array.from(texts, (_, index) => texts.get(this.#keys.activity(index)) ?? '')
  }

  async put(index: number, text: string): Promise<void> {
    const put = { key: bytes(this.#keys.activity(index)), value: bytes(text) }
    await this.#client.call(RPC.txn, { success: [{ request_put: put }] })
  }

  async delete(index: number): Promise<void> {
    const removal = { key: bytes(this.#keys.activity(index)) }
    await this.#client.call(RPC.txn, { success: [{ request_delete_range: removal }] })
  }
}
