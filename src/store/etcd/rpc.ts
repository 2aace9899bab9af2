import type { MethodDefinition } from '@grpc/grpc-js'
import type { AuthenticateRequest } from '#proto/etcdserverpb/AuthenticateRequest.js'
import type { AuthenticateResponse__Output } from '#proto/etcdserverpb/AuthenticateResponse.js'
import type { LeaseGrantRequest } from '#proto/etcdserverpb/LeaseGrantRequest.js'
import type { LeaseGrantResponse__Output } from '#proto/etcdserverpb/LeaseGrantResponse.js'
import type { LeaseKeepAliveRequest } from '#proto/etcdserverpb/LeaseKeepAliveRequest.js'
import type { LeaseKeepAliveResponse__Output } from '#proto/etcdserverpb/LeaseKeepAliveResponse.js'
import type { LeaseRevokeRequest } from '#proto/etcdserverpb/LeaseRevokeRequest.js'
import type { RangeRequest } from '#proto/etcdserverpb/RangeRequest.js'
import type { RangeResponse__Output } from '#proto/etcdserverpb/RangeResponse.js'
import type { StatusRequest } from '#proto/etcdserverpb/StatusRequest.js'
import type { StatusResponse__Output } from '#proto/etcdserverpb/StatusResponse.js'
import type { TxnRequest } from '#proto/etcdserverpb/TxnRequest.js'
import type { TxnResponse__Output } from '#proto/etcdserverpb/TxnResponse.js'
import type { WatchRequest } from '#proto/etcdserverpb/WatchRequest.js'
import type { WatchResponse__Output } from '#proto/etcdserverpb/WatchResponse.js'
import { PACKAGE_ROOT } from '../../platform/package.js'
import { loadDefinitions } from '../../xds/protobuf.js'

const definitions = loadDefinitions(['etcd/rpc.proto'], `${PACKAGE_ROOT}proto`)

/** A method of etcd's API, by the messages that it takes and answers. */
export type Method<Request, Answer> = MethodDefinition<Request, Answer>

/** The methods of etcd's API (version 3) that are used here. */
export const RPC = {
  range: method<RangeRequest, RangeResponse__Output>('KV', 'Range'),
  txn: method<TxnRequest, TxnResponse__Output>('KV', 'Txn'),
  watch: method<WatchRequest, WatchResponse__Output>('Watch', 'Watch'),
  leaseGrant: method<LeaseGrantRequest, LeaseGrantResponse__Output>('Lease', 'LeaseGrant'),
  leaseRevoke: method<LeaseRevokeRequest, object>('Lease', 'LeaseRevoke'),
  leaseKeepAlive: method<LeaseKeepAliveRequest, LeaseKeepAliveResponse__Output>('Lease', 'LeaseKeepAlive'),
  status: method<StatusRequest, StatusResponse__Output>('Maintenance', 'Status'),
  authenticate: method<AuthenticateRequest, AuthenticateResponse__Output>('Auth', 'Authenticate'),
} as const

function method<Request, Answer>(service: string, name: string): Method<Request, Answer> {
  const found = (definitions[`etcdserverpb.${service}`] as Record<string, unknown>)[name]
  return found as Method<Request, Answer>
}
