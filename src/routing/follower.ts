import { isDeepStrictEqual } from 'node:util'
import type { Turns } from '../platform/turns.js'
import { RouteNotAcknowledgedError } from './errors.js'
import { OwnWrites } from './own-writes.js'
import type { RoutePublisher } from './publisher.js'
import type { Route, RoutePublication } from './route.js'
import type { Routes } from './routes.js'
import type { Revision, StoreEvent } from './store.js'

export interface FollowerOptions {
  readonly routes: Routes
  /** Events wait for the changes that are being made here, so that the revision of these is known. */
  readonly turns: Turns
  readonly publisher: RoutePublisher
  readonly keyOf: (route: Route) => string
  /** Undefined if the route is undefined or can't be published. */
  readonly publicationOf: (key: string, route: Route | undefined) => RoutePublication | undefined
}

/**
 * Applies the events of a shared store to a table and its Envoys, even if an Envoy rejects them: they were answered
 * with success elsewhere.
 */
export class Follower {
  readonly #options: FollowerOptions
  readonly #own = new OwnWrites()
  /** The revision of the last event. */
  #last: Revision = 0n

  constructor(options: FollowerOptions) {
    this.#options = options
  }

  /** Called when this table has written a route. */
  wrote(key: string, revision: Revision): void {
    this.#own.wrote(key, revision)
  }

  /** See {@link RouteStore.watch}. */
  async apply(event: StoreEvent): Promise<void> {
    const { routes, turns, keyOf } = this.#options
    // The store was set back, as from a backup.
    if (event.revision < this.#last) this.#own.clear()
    this.#last = event.revision
    const apply = (key: string, route: Route | undefined) =>
      turns.run(key, async () => {
        if (this.#own.takesNews(key, event.revision)) await this.#adopt(key, route)
      })
    if ('key' in event) return apply(event.key, event.route)
    const stored = new Map(event.routes.map((route) => [keyOf(route), route]))
    const keys = new Set([...routes.keys(), ...stored.keys()])
    // Each of them, since the promise says that every Envoy has answered for all.
    const changed = [...keys].filter((key) => !this.#isKnown(key, stored.get(key)))
    const outcomes = await Promise.allSettled(changed.map((key) => apply(key, stored.get(key))))
    const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
    const error = errors.find((one) => one instanceof RouteNotAcknowledgedError) ?? errors[0]
    if (error !== undefined) throw error
  }

  /**
   * Whether a route of a list is here, and nothing is under way that may change it. Of 50,000 most are: a promise for each
   * would keep this process from its other work for too long.
   */
  #isKnown(key: string, route: Route | undefined): boolean {
    return this.#options.turns.isFree(key) && !this.#own.has(key) && this.#isAsHere(key, route)
  }

  /** If so, its activity is taken over. */
  #isAsHere(key: string, route: Route | undefined): boolean {
    const { routes } = this.#options
    const here = routes.get(key)
    if (here?.routespec !== route?.routespec || !isDeepStrictEqual(here?.data, route?.data)) return false
    if (route !== undefined) routes.touch(key, route.lastActivity)
    return true
  }

  async #adopt(key: string, route: Route | undefined): Promise<void> {
    if (this.#isAsHere(key, route)) return
    const { routes, publisher, publicationOf } = this.#options
    if (route === undefined) routes.delete(key)
    else routes.set(key, route)
    await publisher.settle(key, publicationOf(key, route))
  }
}
