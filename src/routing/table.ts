import { Turns } from '../platform/turns.js'
import type { RoutePublisher, TakeBack } from './publisher.js'
import type { Route, RouteData, RoutePublication } from './route.js'
import { hostOf, routeKey } from './routespec.js'
import type { RouteStore } from './store.js'
import type { Target } from './target.js'

/** How many routes' activity is stored at a time: few, so that a change of a route waits for few. */
const ACTIVITY_AT_A_TIME = 32

export interface RouteTableOptions {
  readonly store: RouteStore
  readonly publisher: RoutePublisher
  readonly hostRouting: boolean
  /** What a target means. @throws TargetInvalidError if it can't be used */
  readonly readTarget: (text: string) => Target
  readonly now: () => Date
}

/** What a start brings besides what is stored. */
export interface LoadOptions {
  /** Routes that the store has lost; it gets them again. */
  readonly recovered?: readonly Route[]
  /** The target of `/`, over what is stored for it; as in CHP it is an ordinary entry from then on. */
  readonly defaultTarget?: string | undefined
  /** It is served nevertheless: whoever starts the proxy has just said that it is to be. */
  readonly onDefaultNotStored: (error: Error) => void
}

/**
 * The routes that the hub has been told exist. An entry is here if and only if its POST was answered 201 (or is about
 * to be): a change becomes visible after every Envoy acknowledged it and the store has it, and a change that fails
 * leaves no trace.
 */
export class RouteTable {
  readonly #store: RouteStore
  readonly #publisher: RoutePublisher
  readonly #hostRouting: boolean
  readonly #readTarget: (text: string) => Target
  readonly #now: () => Date
  readonly #routes = new Map<string, Route>()
  /** Why a stored route's target is none that can be published, by key. These routes are in no Envoy. */
  readonly #unusable = new Map<string, string>()
  /** When a route was last in use, or posted, whose POST is under way; by key. */
  readonly #arriving = new Map<string, { at: Date }>()
  #restored = 0
  /** Changes to one route take effect in the order they came. */
  readonly #turns = new Turns()

  constructor(options: RouteTableOptions) {
    this.#store = options.store
    this.#publisher = options.publisher
    this.#hostRouting = options.hostRouting
    this.#readTarget = options.readTarget
    this.#now = options.now
  }

  /**
   * Fills the table from the store and returns what must be published before an Envoy may listen.
   *
   * @throws NotStoredError if the recovered routes can't be kept
   */
  async load({ recovered = [], defaultTarget, onDefaultNotStored }: LoadOptions): Promise<RoutePublication[]> {
    for (const route of [...(await this.#store.load()), ...recovered]) {
      this.#routes.set(routeKey(route.routespec, this.#hostRouting), route)
    }
    this.#restored = this.#routes.size
    if (recovered.length > 0) await this.#store.fill(recovered)
    if (defaultTarget !== undefined && this.#routes.get('/')?.data.target !== defaultTarget) {
      const route = { routespec: '/', data: { target: defaultTarget }, lastActivity: this.#now() }
      this.#routes.set('/', route)
      await this.#store.put(route).catch(onDefaultNotStored)
    }
    return [...this.#routes].flatMap(([key, route]) => this.#usable(key, route))
  }

  /** None if another version has stored the route whose target this one doesn't take. */
  #usable(key: string, route: Route): RoutePublication[] {
    try {
      return [{ key, target: this.#readTarget(route.data.target), route }]
    } catch (error) {
      this.#unusable.set(key, (error as Error).message)
      return []
    }
  }

  /** How many routes there were from before when the table was loaded. */
  get restored(): number {
    return this.#restored
  }

  /** How many routes there are. */
  get size(): number {
    return this.#routes.size
  }

  get(routespec: string): Route | undefined {
    return this.#routes.get(routeKey(routespec, this.#hostRouting))
  }

  /** All routes, or those that were last active strictly before a moment. */
  *all(inactiveSince?: Date): Iterable<Route> {
    for (const route of this.#routes.values()) {
      if (inactiveSince === undefined || route.lastActivity < inactiveSince) yield route
    }
  }

  /**
   * The routes that can't be served, since an Envoy or this version refuses them, by routespec, each with the reason.
   * They stay in the table and the store.
   */
  refusals(): ReadonlyMap<string, string> {
    const refusals = new Map<string, string>()
    for (const [key, reason] of [...this.#unusable, ...this.#publisher.refusals()]) {
      const route = this.#routes.get(key)
      if (route !== undefined) refusals.set(route.routespec, reason)
    }
    return refusals
  }

  /** A route was in use at a moment. A key that isn't there is one that was just removed. See {@link storeActivity}. */
  touch(key: string, at: Date): void {
    const arriving = this.#arriving.get(key)
    if (arriving !== undefined && arriving.at < at) arriving.at = at
    const route = this.#routes.get(key)
    if (route !== undefined && route.lastActivity < at) this.#routes.set(key, { ...route, lastActivity: at })
  }

  /**
   * Has the store remember when routes were last active, of those that were since a moment.
   *
   * @throws NotStoredError; for some it may have been stored
   */
  async storeActivity(since: Date): Promise<void> {
    const keys = [...this.#routes].flatMap(([key, { lastActivity }]) => (lastActivity >= since ? [key] : []))
    while (keys.length > 0) {
      const some = keys.splice(-ACTIVITY_AT_A_TIME)
      await Promise.all(some.map((key) => this.#turns.run(key, () => this.#storeAgain(key))))
    }
  }

  async #storeAgain(key: string): Promise<void> {
    const route = this.#routes.get(key)
    if (route !== undefined) await this.#store.put(route)
  }

  /**
   * Adds a route or replaces the whole entry. Resolves once requests on every Envoy go to the target.
   *
   * @throws TargetInvalidError, RouteRejectedError, RouteNotAcknowledgedError, NotStoredError; the table and Envoy are then as before
   */
  async put(routespec: string, data: RouteData): Promise<void> {
    const target = this.#readTarget(data.target)
    const key = routeKey(routespec, this.#hostRouting)
    await this.#turns.run(key, async () => {
      const host = this.#hostRouting ? hostOf(routespec) : undefined
      const arriving = { at: this.#now() }
      const route = () => ({
        routespec,
        data: host === undefined ? data : { ...data, host },
        lastActivity: arriving.at,
      })
      this.#arriving.set(key, arriving)
      try {
        const takeBack = await this.#publisher.publish({ key, target, route: route() })
        const before = this.#routes.get(key)?.routespec
        const replaced = before === routespec ? undefined : before
        await orTakeBack(takeBack, () => this.#store.put(route(), replaced))
        this.#routes.set(key, route())
        this.#unusable.delete(key)
      } finally {
        this.#arriving.delete(key)
      }
    })
  }

  /**
   * Removes a route. Resolves once no request on any Envoy goes to it; false if there was none.
   *
   * @throws RouteNotAcknowledgedError, NotStoredError; the table and Envoy are then as before
   */
  async delete(routespec: string): Promise<boolean> {
    const key = routeKey(routespec, this.#hostRouting)
    return this.#turns.run(key, async () => {
      const route = this.#routes.get(key)
      if (route === undefined) return false
      const takeBack = await this.#publisher.withdraw(key)
      await orTakeBack(takeBack, () => this.#store.delete(route.routespec))
      this.#routes.delete(key)
      this.#unusable.delete(key)
      return true
    })
  }
}

/** Writes to the store. If that fails every Envoy is brought back, and the error goes on: what becomes of that is no news. */
async function orTakeBack(takeBack: TakeBack, write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    await takeBack()
    throw error
  }
}
