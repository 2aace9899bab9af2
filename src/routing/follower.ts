import { setImmediate as endOfTurn } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Turns } from '../platform/turns.js'
import { RouteNotAcknowledgedError } from './errors.js'
import { OwnWrites } from './own-writes.js'
import type { RoutePublisher } from './publisher.js'
import type { Route, RoutePublication } from './route.js'
import type { Routes } from './routes.js'
import type { Revision, StoreEvent } from './store.js'

/** How many routes of a list are looked at in one turn of the event loop. */
const SLICE = 200

/** How many of them wait for Envoys at most. */
const AT_ONCE = 5_000

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
  /** The end of what waits for the list that is being applied, or that list. Never rejects. */
  #queue: Promise<void> | undefined

  constructor(options: FollowerOptions) {
    this.#options = options
  }

  /** Called when this table has written a route. */
  wrote(key: string, revision: Revision): void {
    this.#own.wrote(key, revision)
  }

  /** See {@link RouteStore.watch}. */
  apply(event: StoreEvent): Promise<void> {
    if (this.#queue === undefined && 'key' in event) return this.#begin(event)
    // A list takes many turns of the event loop. Later events must overtake neither it nor each other.
    return new Promise((settle) => {
      const turn = (this.#queue ?? Promise.resolve()).then(async () => {
        const outcome = this.#begin(event)
        settle(outcome)
        if (!('key' in event)) await outcome.catch(() => {})
        if (this.#queue === turn) this.#queue = undefined
      })
      this.#queue = turn
    })
  }

  async #begin(event: StoreEvent): Promise<void> {
    // The store was set back, as from a backup.
    if (event.revision < this.#last) this.#own.clear()
    this.#last = event.revision
    if ('key' in event) return this.#apply(event.key, event.route, event.revision)
    const errors = await this.#applyAll(event)
    const error = errors.find((one) => one instanceof RouteNotAcknowledgedError) ?? errors[0]
    if (error !== undefined) throw error
  }

  #apply(key: string, route: Route | undefined, revision: Revision): Promise<void> {
    return this.#options.turns.run(key, async () => {
      if (this.#own.takesNews(key, revision)) await this.#adopt(key, route)
    })
  }

  /** Returns the errors. Other work gets its turn between slices of the routes, and Envoys their share of time to answer. */
  async #applyAll({
    revision,
    routes,
  }: StoreEvent & { readonly routes: readonly Route[] }): Promise<readonly unknown[]> {
    const stored = new Map(routes.map((route) => [this.#options.keyOf(route), route]))
    const keys = [...new Set([...this.#options.routes.keys(), ...stored.keys()])]
    const errors: unknown[] = []
    let pending: Promise<unknown>[] = []
    for (let at = 0; at < keys.length; at += SLICE) {
      for (const key of keys.slice(at, at + SLICE)) {
        if (this.#isKnown(key, stored.get(key))) continue
        // Each of them, since the promise says that every Envoy has answered for all.
        pending.push(this.#apply(key, stored.get(key), revision).catch((error) => errors.push(error)))
      }
      await endOfTurn()
      if (pending.length < AT_ONCE) continue
      await Promise.all(pending)
      pending = []
    }
    await Promise.all(pending)
    return errors
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
