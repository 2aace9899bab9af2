import type { ServiceError } from '@grpc/grpc-js'
import { status } from '@grpc/grpc-js'
import { connectionWords } from '../../platform/grpc-words.js'

/** etcd refused a call, which has changed nothing. */
export class EtcdError extends Error {
  override readonly name: string = 'EtcdError'
}

/** The token of the user is no longer valid: a restarted etcd knows none, and others expire. */
export class EtcdTokenError extends EtcdError {
  override readonly name = 'EtcdTokenError'
}

/** The revision that was asked for has been compacted. */
export class EtcdCompactedError extends EtcdError {
  override readonly name = 'EtcdCompactedError'
}

/** What was named, such as a lease, is not there. */
export class EtcdMissingError extends EtcdError {
  override readonly name = 'EtcdMissingError'
}

/** An etcd gave no answer, or said that it can't serve now. The call may have been carried out, or may be yet. */
export class EtcdAwayError extends Error {
  override readonly name = 'EtcdAwayError'
}

/** With these etcd has decided. With all others the call may have taken effect. */
const REFUSALS: ReadonlySet<status> = new Set([
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.PERMISSION_DENIED,
  status.RESOURCE_EXHAUSTED,
  status.FAILED_PRECONDITION,
  status.OUT_OF_RANGE,
  status.UNIMPLEMENTED,
  status.UNAUTHENTICATED,
])

/** What etcd says if a call came with an old token or with none. The first is an INVALID_ARGUMENT. */
const TOKEN_TROUBLE = /invalid auth token|revision of auth store is old|user name is empty/

/** What etcd says if it has too much to do, with the code that it also has for a full disk. */
const BUSY = /too many requests/

export function errorOf({ code, details, message }: ServiceError, limitMs: number): Error {
  const words = (details || message).replace(/^etcdserver: /, '')
  if (code === status.DEADLINE_EXCEEDED) return new EtcdAwayError(`no answer within ${(limitMs / 1_000).toFixed(1)} s`)
  if (TOKEN_TROUBLE.test(words)) return new EtcdTokenError(words)
  if (!REFUSALS.has(code) || BUSY.test(words)) return new EtcdAwayError(connectionWords(words))
  if (code === status.OUT_OF_RANGE) return new EtcdCompactedError(words)
  return code === status.NOT_FOUND ? new EtcdMissingError(words) : new EtcdError(words)
}
