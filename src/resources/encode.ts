import { encode, encodeCommon } from '../xds/messages.js'
import type { Resource } from '../xds/resource.js'
import { CompactResource } from '../xds/resource.js'
import type { TYPE_URL } from './names.js'

type TypeUrl = (typeof TYPE_URL)[keyof typeof TYPE_URL]
type Message = { readonly name: string }

/**
 * Encodes a message as a resource with the message's name.
 *
 * @param earlier the same message for Envoys of earlier generations, the first generation first; see {@link GENERATION}
 */
export function encodeResource(typeUrl: TypeUrl, message: Message, earlier: readonly Message[] = []): Resource {
  const encoded = encodeNamedResource(typeUrl, message.name, message)
  if (earlier.length === 0) return encoded
  const forms = earlier.map((form) => encodeNamedResource(typeUrl, message.name, form))
  return {
    ...encoded,
    version: [encoded, ...forms].map(({ version }) => version).join('.'),
    earlier: forms.map(({ bytes }) => bytes),
  }
}

/** The same for a message without a name field. */
export function encodeNamedResource(typeUrl: TypeUrl, name: string, message: object): Resource {
  const { bytes, version } = encode(typeOf(typeUrl), message)
  // A copy with memory of its own: small buffers share a pool with unrelated ones, which would be kept in memory too.
  const own = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(own)
  return { name, version, bytes: own }
}

/**
 * The same for one of many resources that have fields in common.
 *
 * @param common these fields, made by {@link commonFields}
 */
export function encodeOneOfMany(typeUrl: TypeUrl, message: Message, common: Buffer): Resource {
  const { name } = message
  return new CompactResource({ name, ...encode(typeOf(typeUrl), message, common) }, common)
}

/** Encodes the fields that many resources of a type have in common. */
export function commonFields(typeUrl: TypeUrl, fields: object): Buffer {
  return encodeCommon(typeOf(typeUrl), fields)
}

function typeOf(typeUrl: TypeUrl): string {
  return typeUrl.slice(typeUrl.indexOf('/') + 1)
}
