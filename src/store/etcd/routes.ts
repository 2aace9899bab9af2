import type { Event__Output } from '#proto/mvccpb/Event.js'
import type { KeyValue__Output } from '#proto/mvccpb/KeyValue.js'
import type { PlainLog } from '../../platform/log.js'
import { mapInSlices } from '../../platform/slices.js'
import type { Route } from '../../routing/route.js'
import type { StoreEvent } from '../../routing/store.js'
import { Places } from '../places.js'
import { routeFromJson } from '../route-json.js'
import type { Keys } from './keys.js'

/** Reads routes out of etcd's keys, and knows under which key each is stored. */
export class StoredRoutes {
  readonly #keys: Keys
  readonly #places: Places
  readonly #log: PlainLog

  constructor(keys: Keys, hostRouting: boolean, log: PlainLog) {
    this.#keys = keys
    this.#places = new Places(hostRouting)
    this.#log = log
  }

  keyOf(routespec: string): string {
    return this.#places.keyOf(routespec)
  }

  /** The key of etcd that has a route. */
  placeOf(key: string): string {
    return this.#keys.route(this.#places.storedKeyOf(key))
  }

  /** All routes of a list. */
  async readAll(kvs: readonly KeyValue__Output[]): Promise<readonly Route[]> {
    const read = await mapInSlices(kvs, (kv) => {
      const stored = this.#keys.routeKeyIn(kv.key.toString())
      return { stored, route: stored === undefined ? undefined : this.#read(stored, kv) }
    })
    this.#places.clear()
    const routes = new Map<string, Route>()
    for (const { stored, route } of read) {
      if (stored !== undefined && route !== undefined) routes.set(this.#found(stored, route), route)
    }
    return [...routes.values()]
  }

  /** Undefined if it says nothing of a route. */
  eventOf({ type, kv }: Event__Output): StoreEvent | undefined {
    if (kv === null) return undefined
    const revision = BigInt(kv.mod_revision)
    const place = kv.key.toString()
    if (place === this.#keys.removed) return { revision, key: kv.value.toString(), route: undefined }
    const stored = this.#keys.routeKeyIn(place)
    if (stored === undefined) return undefined
    if (type === 'DELETE') {
      const key = this.#places.keyAt(stored)
      if (this.placeOf(key) !== place) return undefined
      this.#places.forget(key)
      return { revision, key, route: undefined }
    }
    const route = this.#read(stored, kv)
    return route && { revision, key: this.#found(stored, route), route }
  }

  #found(stored: string, { routespec }: Route): string {
    const key = this.keyOf(routespec)
    this.#places.found(key, stored)
    return key
  }

  /** Undefined, with a line in the log, if it is damaged or not ours. It is left as it is. */
  #read(stored: string, { key, value }: KeyValue__Output): Route | undefined {
    try {
      const route = routeFromJson(value.toString())
      if (route.routespec.toLowerCase() === stored.toLowerCase()) return route
      throw new Error(`it has the route ${route.routespec}`)
    } catch (error) {
      this.#log.warn(`Skipped the key ${key}: ${(error as Error).message}`)
      return undefined
    }
  }
}
