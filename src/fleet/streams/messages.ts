import type { ServiceDefinition } from '@grpc/grpc-js'
import type { Message, Message__Output } from '#proto/configurable_envoy_proxy/fleet/v1/Message.js'
import type { Status__Output } from '#proto/configurable_envoy_proxy/fleet/v1/Status.js'
import { PACKAGE_ROOT } from '../../platform/package.js'
import type { Member } from '../../store/shared.js'
import { loadDefinitions } from '../../xds/protobuf.js'
import type { Standing, Status } from '../protocol/messages.js'

/** When a route was last in use. */
export interface InUse {
  readonly key: string
  /** How long ago, in milliseconds: members' clocks differ. */
  readonly ageMs: number
}

/** What an Envoy may have, of one type of resources, without naming it when it connects. */
export interface Doubts {
  readonly node: string
  readonly typeUrl: string
  readonly names: readonly string[]
}

/** What members tell each other once they know who is who. */
export type PeerMessage =
  | { readonly status: Status }
  | { readonly activity: readonly InUse[] }
  | { readonly doubts: Doubts }

const NAME = 'configurable_envoy_proxy.fleet.v1.Members'

const definitions = loadDefinitions(['fleet/v1/members.proto'], `${PACKAGE_ROOT}proto`)

/** The service at which members reach each other. */
// proto-loader's and grpc-js's definition types differ by name only.
export const MEMBERS_SERVICE = definitions[NAME] as unknown as ServiceDefinition

export function encodeMessage(message: PeerMessage): Message {
  if ('status' in message) return { status: { ...message.status, ...statusNumbers(message.status) } }
  if ('doubts' in message) {
    const { node, typeUrl: type_url, names } = message.doubts
    return { doubts: { node, type_url, names: [...names] } }
  }
  const { activity } = message
  return { activity: { keys: activity.map(({ key }) => key), ages_ms: activity.map(({ ageMs }) => ageMs) } }
}

function statusNumbers({ from, acknowledged, answered, envoys, moving, fenced, leaseAgeMs }: Status) {
  return {
    from: { id: from.id, address: from.address ?? '', joined: String(from.joined) },
    acknowledged: String(acknowledged),
    answered: String(answered),
    envoys: [...envoys],
    moving: moving.map(({ node, remainingMs }) => ({ node, remaining_ms: remainingMs })),
    fenced: [...fenced],
    lease_age_ms: leaseAgeMs,
  }
}

/** Undefined for what a later version may say and this one doesn't know. */
export function decodeMessage({ status, activity, doubts }: Message__Output): PeerMessage | undefined {
  if (status) return { status: decodeStatus(status) }
  if (doubts) return { doubts: { node: doubts.node, typeUrl: doubts.type_url, names: doubts.names } }
  if (!activity) return undefined
  return { activity: activity.keys.map((key, index) => ({ key, ageMs: activity.ages_ms[index] ?? 0 })) }
}

function decodeStatus(status: Status__Output): Status {
  return {
    from: decodeMember(status.from),
    to: status.to,
    seq: Number(status.seq),
    echo: Number(status.echo),
    standing: status.standing as Standing,
    acknowledged: BigInt(status.acknowledged),
    answered: BigInt(status.answered),
    awaits: status.awaits,
    envoys: status.envoys,
    moving: status.moving.map(({ node, remaining_ms }) => ({ node, remainingMs: remaining_ms })),
    fenced: status.fenced,
    leaseAgeMs: status.lease_age_ms,
  }
}

function decodeMember(member: Status__Output['from']): Member {
  const { id = '', address = '', joined = '0' } = member ?? {}
  return { id, address: address === '' ? undefined : address, joined: BigInt(joined) }
}
