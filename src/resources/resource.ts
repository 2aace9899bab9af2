import { encode } from '../proto.js'
import type { Resource } from '../xds/resource.js'
import type { TYPE_URL } from './names.js'

type TypeUrl = (typeof TYPE_URL)[keyof typeof TYPE_URL]

/** Encodes a message as the resource that is served under its name. */
export function resource(typeUrl: TypeUrl, message: { readonly name: string }): Resource {
  return namedResource(typeUrl, message.name, message)
}

/** The same for a message that doesn't have its name in it. */
export function namedResource(typeUrl: TypeUrl, name: string, message: object): Resource {
  return { name, ...encode(typeUrl.slice(typeUrl.indexOf('/') + 1), message) }
}
