import type { Node__Output } from '#proto/envoy/config/core/v3/Node.js'
import type { Resource } from './resource.js'

/*
 * What a running Envoy refuses, or would lose connections by, needs an Envoy that was started for it. So each bootstrap
 * says which of these it was made for, and what differs is sent in the form that an Envoy takes. A changed bootstrap
 * has an Envoy of ours replaced by hot restart at the next start; one that others start serves on as it was until they
 * start it with a new one.
 *
 * 1: without a mark. 2: the sockets of listeners have TCP keepalive. (A listener whose socket options change is refused
 * as a second one on its address.)
 */

/** The newest generation. Whoever raises it says above what the new one takes. */
export const GENERATION = 2

/** The key of a node's metadata under which its bootstrap says its generation. */
export const GENERATION_KEY = 'generation'

/** The generation of an Envoy that presents itself like this. */
export function generationOf(node: Node__Output): number {
  const value = node.metadata?.fields?.[GENERATION_KEY]?.numberValue
  return value === undefined || value < 1 ? 1 : Math.min(value, GENERATION)
}

/** What an Envoy of a generation gets of a resource. */
export function bytesFor({ bytes, earlier }: Resource, generation: number): Buffer {
  return earlier?.[generation - 1] ?? bytes
}
