import { createHash, randomUUID } from 'node:crypto'
import type { Route } from '../../routing/route.js'
import type { Revision } from '../../routing/store.js'
import { routeFromJson, routeToJson } from '../route-json.js'

/** The part of a ConfigMap that is used here. */
export interface ConfigMap {
  readonly metadata: {
    readonly name: string
    readonly uid?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly resourceVersion?: string
  }
  readonly data?: Readonly<Record<string, string>>
}

/** What a ConfigMap is for, by the label {@link KIND_LABEL}. */
export type Kind = 'route' | 'activity' | 'member' | 'begun'

const STORE_LABEL = 'configurable-envoy-proxy/store'
const KIND_LABEL = 'configurable-envoy-proxy/kind'

/** Bytes of the hash in a name: no two keys share it. */
const HASH_BYTES = 20

/** The name of a key's ConfigMap. A routespec may be longer than a name, and has other characters. */
export function nameOf(store: string, key: string): string {
  return `${store}-route-${createHash('sha256')
    .update(key)
    .digest('hex')
    .slice(0, 2 * HASH_BYTES)}`
}

/** Selects a store's ConfigMaps of one kind. */
export function selectorOf(store: string, kind: Kind): string {
  return `${STORE_LABEL}=${store},${KIND_LABEL}=${kind}`
}

export function labelsOf(store: string, kind: Kind): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/managed-by': 'configurable-envoy-proxy', [STORE_LABEL]: store, [KIND_LABEL]: kind }
}

/** A route as a ConfigMap: its key, by which it is named, and the route as JSON. */
export function encodeRoute(store: string, name: string, key: string, route: Route): ConfigMap {
  return {
    metadata: { name, labels: labelsOf(store, 'route') },
    data: { key, route: routeToJson(route) },
  }
}

/**
 * What a route's ConfigMap becomes before it is deleted. The API tells the version of what it writes, but not that of what
 * it deletes.
 *
 * @param stored the key by which it is named
 */
export function encodeRemoval(store: string, name: string, stored: string, routespec: string): ConfigMap {
  // The API gives no version to a write that changes nothing.
  const data = { key: stored, removed: routespec, write: randomUUID() }
  return { metadata: { name, labels: labelsOf(store, 'route') }, data }
}

/** What a new route's ConfigMap is made as, before it gets the route. It says what a missing one says. */
export function encodeNew(...of: Parameters<typeof encodeRemoval>): ConfigMap {
  const { metadata, data } = encodeRemoval(...of)
  return { metadata, data: { ...data, new: 'true' } }
}

/** What a ConfigMap says of a route. */
export interface Decoded {
  /** The key by which it is named. */
  readonly stored: string
  readonly routespec: string
  /** Undefined if it is being removed, or has yet to get it. */
  readonly route: Route | undefined
  /** Whether it has yet to get it. */
  readonly isNew: boolean
}

/**
 * The target isn't checked: versions may differ in which they support.
 *
 * @throws Error with what is wrong, in a few words
 */
export function decodeRoute(store: string, { metadata, data = {} }: ConfigMap): Decoded {
  const { key: stored, route: json, removed } = data
  const isNew = data.new !== undefined
  if (stored === undefined) throw new Error('it has no route')
  if (nameOf(store, stored) !== metadata.name) throw new Error(`its name is not that of ${stored}`)
  if (removed !== undefined) return { stored, routespec: removed, route: undefined, isNew }
  if (json === undefined) throw new Error('it has no route')
  const route = routeFromJson(json)
  // Only the letters of a host may differ, which are compared in lower case.
  if (route.routespec.toLowerCase() !== stored.toLowerCase()) throw new Error(`it has the route ${route.routespec}`)
  return { stored, routespec: route.routespec, route, isNew }
}

/** Kubernetes promises since 1.35 that these are numbers which can be compared; etcd's have always been. */
export function revisionOf({ metadata }: Pick<ConfigMap, 'metadata'>): Revision {
  return BigInt(metadata.resourceVersion ?? 0)
}
