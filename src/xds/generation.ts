import type { Node__Output } from '#proto/envoy/config/core/v3/Node.js'
import type { Resource } from './resource.js'

/*
 * A change that a running Envoy would reject, or lose connections by, needs an Envoy that was started for it. So each
 * bootstrap has a generation, and resources that differ are sent in the form that fits it. With a changed bootstrap, an
 * embedded Envoy is replaced by hot restart at the next start; an external one keeps the old form until it is started
 * with a new bootstrap.
 *
 * 1: no mark. 2: the sockets of listeners have TCP keepalive. (A listener whose socket options change is rejected as a
 * second one on its address.)
 */

/** The newest generation. When you raise it, document above what is new. */
export const GENERATION = 2

/** The key of the generation in a node's metadata. */
export const GENERATION_KEY = 'generation'

/** The generation of an Envoy's node. */
export function generationOf(node: Node__Output): number {
  const value = node.metadata?.fields?.[GENERATION_KEY]?.numberValue
  return value === undefined || value < 1 ? 1 : Math.min(value, GENERATION)
}

/** The form of a resource for Envoys of a generation. */
export function bytesFor({ common, bytes, earlier }: Resource, generation: number): Buffer {
  return earlier?.[generation - 1] ?? (common === undefined ? bytes : Buffer.concat([common, bytes]))
}
