import { encode, encodeCommon } from '../xds/messages.js'
import type { Resource } from '../xds/resource.js'
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

/**
 * The same for a message without a name field.
 *
 * @param common its other fields, made by {@link commonFields}
 */
export function encodeNamedResource(typeUrl: TypeUrl, name: string, message: object, common?: Buffer): Resource {
  return { name, ...encode(typeOf(typeUrl), message, common) }
}

/** Encodes the fields that many resources of a type have in common. */
export function commonFields(typeUrl: TypeUrl, fields: object): Buffer {
  return encodeCommon(typeOf(typeUrl), fields)
}

function typeOf(typeUrl: TypeUrl): string {
  return typeUrl.slice(typeUrl.indexOf('/') + 1)
}
