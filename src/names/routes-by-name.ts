import type { RoutePublication } from '../routing/route.js'

/** A route whose target is a host name. */
export interface RouteByName {
  readonly host: string
  readonly route: RoutePublication
}

/** The routes with host names as targets, by key and by name. */
export class RoutesByName {
  readonly #routes = new Map<string, RouteByName>()
  readonly #keys = new Map<string, Set<string>>()

  get(key: string): RouteByName | undefined {
    return this.#routes.get(key)
  }

  /** @param route undefined if the route was removed or its target is not a host name */
  set(key: string, route: RouteByName | undefined): void {
    const before = this.#routes.get(key)
    if (before !== undefined) {
      const keys = this.#keys.get(before.host)
      keys?.delete(key)
      if (keys?.size === 0) this.#keys.delete(before.host)
      this.#routes.delete(key)
    }
    if (route === undefined) return
    this.#routes.set(key, route)
    const keys = this.#keys.get(route.host) ?? new Set()
    this.#keys.set(route.host, keys.add(key))
  }

  /** Whether any route leads to a name. */
  has(host: string): boolean {
    return this.#keys.has(host)
  }

  keysOf(host: string): Iterable<string> {
    return this.#keys.get(host) ?? []
  }
}
