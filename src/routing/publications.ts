import type { Route, RoutePublication } from './route.js'
import type { Target } from './target.js'

/** What is published of stored routes. Another version may have stored one whose target this version doesn't support. */
export class Publications {
  readonly #readTarget: (text: string) => Target
  /** Why a stored route's target can't be used, by key. */
  readonly #unusable = new Map<string, string>()

  /** @param readTarget parses a target; throws TargetInvalidError if it can't be used */
  constructor(readTarget: (text: string) => Target) {
    this.#readTarget = readTarget
  }

  /** Undefined if there is no route, or if its target can't be used: {@link reasons} says why. */
  of(key: string, route: Route | undefined): RoutePublication | undefined {
    this.#unusable.delete(key)
    try {
      return route && { key, target: this.#readTarget(route.data.target), route }
    } catch (error) {
      this.#unusable.set(key, (error as Error).message)
      return undefined
    }
  }

  /** Called when the stored route has been replaced or removed. */
  forget(key: string): void {
    this.#unusable.delete(key)
  }

  /** Why routes can't be published, by key. These are in no Envoy. */
  get reasons(): ReadonlyMap<string, string> {
    return this.#unusable
  }
}
