import { routeKey } from '../routing/routespec.js'

/**
 * Under which key each route is stored. That differs from the route's own if it was stored with or without
 * --host-routing, which compares hosts in lower case.
 */
export class Places {
  readonly #hostRouting: boolean
  /** The key under which a route is stored, for those that are stored under another than their own. */
  readonly #elsewhere = new Map<string, string>()

  constructor(hostRouting: boolean) {
    this.#hostRouting = hostRouting
  }

  /** The key that a route has now. */
  keyOf(routespec: string): string {
    return routeKey(routespec, this.#hostRouting)
  }

  /** The key under which a route is stored, or would be. */
  storedKeyOf(key: string): string {
    return this.#elsewhere.get(key) ?? key
  }

  /** The key of the route that is stored under a key. */
  keyAt(storedKey: string): string {
    for (const [key, stored] of this.#elsewhere) if (stored === storedKey) return key
    return this.keyOf(storedKey)
  }

  found(key: string, storedKey: string): void {
    if (key === storedKey) this.#elsewhere.delete(key)
    else this.#elsewhere.set(key, storedKey)
  }

  forget(key: string): void {
    this.#elsewhere.delete(key)
  }

  clear(): void {
    this.#elsewhere.clear()
  }
}
