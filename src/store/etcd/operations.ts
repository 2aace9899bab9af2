import type { Compare } from '#proto/etcdserverpb/Compare.js'
import type { RangeRequest } from '#proto/etcdserverpb/RangeRequest.js'
import type { RangeResponse__Output } from '#proto/etcdserverpb/RangeResponse.js'
import type { RequestOp } from '#proto/etcdserverpb/RequestOp.js'
import type { ResponseHeader__Output } from '#proto/etcdserverpb/ResponseHeader.js'
import type { TxnResponse__Output } from '#proto/etcdserverpb/TxnResponse.js'
import type { Revision } from '../../routing/store.js'
import type { KeyRange } from './keys.js'

/** A key or a value. */
export function bytes(text: string): Buffer {
  return Buffer.from(text)
}

export function rangeOf({ start, end }: KeyRange): RangeRequest {
  return { key: bytes(start), range_end: bytes(end) }
}

export function put(key: string, value: string, lease: string = '0'): RequestOp {
  return { request_put: { key: bytes(key), value: bytes(value), lease } }
}

export function remove(key: string): RequestOp {
  return { request_delete_range: { key: bytes(key) } }
}

/** Whether a key is as it was created. With 0: whether it is missing. */
export function isCreatedAt(key: string, revision: Revision): Compare {
  return { result: 'EQUAL', target: 'CREATE', key: bytes(key), create_revision: String(revision) }
}

/** Whether a key was last written with a revision. */
export function isModifiedAt(key: string, revision: Revision): Compare {
  return { result: 'EQUAL', target: 'MOD', key: bytes(key), mod_revision: String(revision) }
}

export function revisionOf({ header }: { readonly header: ResponseHeader__Output | null }): Revision {
  return BigInt(header?.revision ?? 0)
}

/** What a transaction's operation has read. */
export function rangeIn({ responses }: TxnResponse__Output, index: number): RangeResponse__Output['kvs'] {
  return responses[index]?.response_range?.kvs ?? []
}
