import { encode } from '../proto.js'
import type { Resource } from '../xds/resource.js'
import type { TYPE_URL } from './names.js'

/** Encodes a message as the resource that is served under its name. */
export function resource(
  typeUrl: (typeof TYPE_URL)[keyof typeof TYPE_URL],
  message: { readonly name: string },
): Resource {
  return { name: message.name, ...encode(typeUrl.slice(typeUrl.indexOf('/') + 1), message) }
}
