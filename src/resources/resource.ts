import { encode } from '../proto.js'
import type { Resource } from '../xds/resource.js'
import type { TYPE_URL } from './names.js'

type Message = { readonly name: string }

/**
 * Encodes a message as the resource that is served under its name.
 *
 * @param earlier the same for Envoys of earlier generations, from the first on; see {@link GENERATION}
 */
export function resource(
  typeUrl: (typeof TYPE_URL)[keyof typeof TYPE_URL],
  message: Message,
  earlier: readonly Message[] = [],
): Resource {
  const type = typeUrl.slice(typeUrl.indexOf('/') + 1)
  const encoded = { name: message.name, ...encode(type, message) }
  if (earlier.length === 0) return encoded
  const forms = earlier.map((form) => encode(type, form))
  return {
    ...encoded,
    version: [encoded, ...forms].map(({ version }) => version).join('.'),
    earlier: forms.map(({ bytes }) => bytes),
  }
}
