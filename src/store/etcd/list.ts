import type { KeyValue__Output } from '#proto/mvccpb/KeyValue.js'
import type { Revision } from '../../routing/store.js'
import type { EtcdClient } from './client.js'
import { deadlineIn } from './client.js'
import { EtcdCompactedError } from './errors.js'
import type { KeyRange } from './keys.js'
import { bytes, rangeOf, revisionOf } from './operations.js'
import { RPC } from './rpc.js'

/** How many keys one answer has. */
const PAGE = '1000'

/** How long one page may take. */
const PAGE_LIMIT_MS = 10_000

/** How often a list is begun again because its revision was compacted before its end. */
const ATTEMPTS = 3

/** The keys of a range as of one revision. */
export interface Listed {
  readonly kvs: readonly KeyValue__Output[]
  readonly revision: Revision
}

/** @throws EtcdError, EtcdAwayError */
export async function listRange(client: EtcdClient, range: KeyRange): Promise<Listed> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await listOnce(client, range)
    } catch (error) {
      if (!(error instanceof EtcdCompactedError) || attempt === ATTEMPTS) throw error
    }
  }
}

async function listOnce(client: EtcdClient, range: KeyRange): Promise<Listed> {
  const kvs: KeyValue__Output[] = []
  let revision = 0n
  let key = bytes(range.start)
  while (true) {
    const request = { ...rangeOf(range), key, limit: PAGE, revision: String(revision) }
    const page = await client.call(RPC.range, request, deadlineIn(PAGE_LIMIT_MS))
    if (revision === 0n) revision = revisionOf(page)
    for (const found of page.kvs) kvs.push(found)
    const last = page.kvs.at(-1)
    if (!page.more || last === undefined) return { kvs, revision }
    key = Buffer.concat([last.key, Buffer.of(0)])
  }
}
