import type { Route, RouteData } from './route.js'

/**
 * A route whose activity is updated in place: Envoys report it for many routes every two seconds. The time is kept as a
 * number, since a `Date` takes 96 bytes more.
 */
class Entry implements Route {
  readonly routespec: string
  readonly data: RouteData
  readonly added: number | undefined
  #lastActive: number

  constructor({ routespec, data, added, lastActivity }: Route) {
    this.routespec = routespec
    this.data = data
    this.added = added
    this.#lastActive = lastActivity.getTime()
  }

  get lastActivity(): Date {
    return new Date(this.#lastActive)
  }

  touch(at: Date): void {
    this.#lastActive = Math.max(this.#lastActive, at.getTime())
  }
}

/** The routes of a table by key, and when they were last active. */
export class Routes {
  readonly #entries = new Map<string, Entry>()
  /** By key: when a route whose POST is in flight was last in use, or posted. */
  readonly #arriving = new Map<string, { at: Date }>()

  get size(): number {
    return this.#entries.size
  }

  get(key: string): Route | undefined {
    return this.#entries.get(key)
  }

  set(key: string, route: Route): void {
    this.#entries.set(key, new Entry(route))
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  keys(): Iterable<string> {
    return this.#entries.keys()
  }

  values(): Iterable<Route> {
    return this.#entries.values()
  }

  entries(): Iterable<[key: string, route: Route]> {
    return this.#entries.entries()
  }

  /** Called when a route was in use. An unknown key belongs to a route that was just removed. */
  touch(key: string, at: Date): void {
    const arriving = this.#arriving.get(key)
    if (arriving !== undefined && arriving.at < at) arriving.at = at
    this.#entries.get(key)?.touch(at)
  }

  /**
   * Runs the POST of a route, which counts as activity. Activity that is reported meanwhile isn't lost.
   *
   * @param change gets a function that returns when the route was last active
   */
  async arrive<T>(key: string, posted: Date, change: (lastActivity: () => Date) => Promise<T>): Promise<T> {
    const arriving = { at: posted }
    this.#arriving.set(key, arriving)
    try {
      return await change(() => arriving.at)
    } finally {
      this.#arriving.delete(key)
    }
  }
}
