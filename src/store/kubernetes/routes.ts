import type { PlainLog } from '../../platform/log.js'
import { mapInSlices } from '../../platform/slices.js'
import type { Route } from '../../routing/route.js'
import type { StoreEvent } from '../../routing/store.js'
import { Places } from '../places.js'
import type { ConfigMap, Decoded } from './objects.js'
import { decodeRoute, nameOf, revisionOf } from './objects.js'

/** An object that is to be deleted. */
export interface Removed {
  readonly name: string
  readonly version: string
}

/** Reads routes out of ConfigMaps, and knows the name and the version of the object of each. */
export class StoredRoutes {
  readonly #store: string
  readonly #places: Places
  readonly #log: PlainLog
  /** The version of each route's object, by the route's key. */
  readonly #versions = new Map<string, string>()

  constructor(store: string, hostRouting: boolean, log: PlainLog) {
    this.#store = store
    this.#places = new Places(hostRouting)
    this.#log = log
  }

  keyOf(routespec: string): string {
    return this.#places.keyOf(routespec)
  }

  /** The key by which the object of a route is named. */
  storedKeyOf(key: string): string {
    return this.#places.storedKeyOf(key)
  }

  /** The name of the object that has a route. */
  nameOf(key: string): string {
    return nameOf(this.#store, this.storedKeyOf(key))
  }

  /** Undefined if there is none, as far as is known. */
  versionOf(key: string): string | undefined {
    return this.#versions.get(key)
  }

  /** Called when the object of a route was written here. What was reported since counts more. */
  wrote(key: string, object: ConfigMap): void {
    if (BigInt(this.#versions.get(key) ?? 0) < revisionOf(object)) this.#found(key, this.storedKeyOf(key), object)
  }

  /** All routes of a list, and what is left of removals. */
  async readAll(objects: readonly ConfigMap[]): Promise<{
    readonly routes: readonly Route[]
    readonly removed: readonly Removed[]
  }> {
    const read = await mapInSlices(objects, (object) => ({ object, decoded: this.#read(object) }))
    this.#versions.clear()
    this.#places.clear()
    const routes = new Map<string, Route>()
    const removed: Removed[] = []
    for (const { object, decoded } of read) {
      if (decoded === undefined) continue
      const { key, stored, route } = decoded
      this.#found(key, stored, object)
      if (route !== undefined) routes.set(key, route)
      else removed.push({ name: object.metadata.name, version: object.metadata.resourceVersion ?? '' })
    }
    return { routes: [...routes.values()], removed }
  }

  /** Undefined if it says nothing new of a route. */
  eventOf(object: ConfigMap, isDeleted: boolean): StoreEvent | undefined {
    const decoded = this.#read(object)
    if (decoded === undefined) return undefined
    const { key, stored, route, isNew } = decoded
    const revision = revisionOf(object)
    if (!isDeleted) {
      this.#found(key, stored, object)
      return isNew ? undefined : { revision, key, route }
    }
    if (this.nameOf(key) !== object.metadata.name) return undefined
    this.#versions.delete(key)
    this.#places.forget(key)
    // That an object is gone which said that its route is removed is no news.
    return route && { revision, key, route: undefined }
  }

  #found(key: string, stored: string, { metadata: { resourceVersion = '' } }: ConfigMap): void {
    this.#versions.set(key, resourceVersion)
    this.#places.found(key, stored)
  }

  /** Undefined, with a line in the log, if it is damaged or not ours. It is left as it is. */
  #read(object: ConfigMap): (Decoded & { readonly key: string }) | undefined {
    try {
      const decoded = decodeRoute(this.#store, object)
      return { ...decoded, key: this.keyOf(decoded.routespec) }
    } catch (error) {
      this.#log.warn(`Skipped the ConfigMap ${object.metadata.name}: ${(error as Error).message}`)
      return undefined
    }
  }
}
