import type { RequestOp } from '#proto/etcdserverpb/RequestOp.js'

/** How many routes one transaction stores: etcd takes up to 128 operations, and 1.5 MiB. */
const FILLED = { routes: 100, bytes: 1_000_000 } as const

/** Operations in portions that etcd takes. */
export function* portions(operations: readonly RequestOp[]): Iterable<RequestOp[]> {
  let portion: RequestOp[] = []
  let size = 0
  for (const operation of operations) {
    const bytes = operation.request_put?.value?.length ?? 0
    if (portion.length === FILLED.routes || (portion.length > 0 && size + bytes > FILLED.bytes)) {
      yield portion
      portion = []
      size = 0
    }
    portion.push(operation)
    size += bytes
  }
  if (portion.length > 0) yield portion
}
