import { createHash } from 'node:crypto'
import type { Route } from '../../routing/route.js'
import type { Revision } from '../../routing/store.js'

/** The part of a ConfigMap that is used here. */
export interface ConfigMap {
  readonly metadata: {
    readonly name: string
    readonly labels?: Readonly<Record<string, string>>
    readonly resourceVersion?: string
  }
  readonly data?: Readonly<Record<string, string>>
}

/** What a ConfigMap is for, by the label {@link KIND_LABEL}. */
export type Kind = 'route' | 'activity'

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
  const { routespec, data, lastActivity, added } = route
  return {
    metadata: { name, labels: labelsOf(store, 'route') },
    data: { key, route: JSON.stringify({ routespec, data, lastActivity, added }) },
  }
}

/**
 * The target isn't checked: versions may differ in which they support.
 *
 * @throws Error with what is wrong, in a few words
 */
export function decodeRoute(store: string, { metadata, data = {} }: ConfigMap): Route {
  const { key, route: json } = data
  if (key === undefined || json === undefined) throw new Error('it has no route')
  if (nameOf(store, key) !== metadata.name) throw new Error(`its name is not that of ${key}`)
  const route = JSON.parse(json) as Route
  if (typeof route.routespec !== 'string') throw new Error('its route has no routespec')
  if (typeof route.data?.target !== 'string') throw new Error(`${route.routespec} has no target`)
  const lastActivity = new Date(route.lastActivity)
  if (Number.isNaN(lastActivity.getTime())) throw new Error(`${route.routespec} has no time of its last activity`)
  const added = route.added === undefined ? {} : { added: Number(route.added) }
  return { routespec: route.routespec, data: route.data, lastActivity, ...added }
}

/** Kubernetes promises since 1.35 that these are numbers which can be compared; etcd's have always been. */
export function revisionOf({ metadata }: Pick<ConfigMap, 'metadata'>): Revision {
  return BigInt(metadata.resourceVersion ?? 0)
}
