import { Turns } from '../platform/turns.js'
import { Follower } from './follower.js'
import type { RoutePublisher, TakeBack } from './publisher.js'
import type { Route, RouteData, RoutePublication } from './route.js'
import { Routes } from './routes.js'
import { hostOf, routeKey } from './routespec.js'
import type { RouteStore } from './store.js'
import type { Target } from './target.js'

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
 * to be), here or by another control plane of the same store: a change becomes visible after every Envoy acknowledged it
 * and the store has it, and a change that fails leaves no trace.
 */
export class RouteTable {
  readonly #store: RouteStore
  readonly #publisher: RoutePublisher
  readonly #hostRouting: boolean
  readonly #readTarget: (text: string) => Target
  readonly #now: () => Date
  readonly #routes = new Routes()
  /** Why a stored route's target is none that can be published, by key. These routes are in no Envoy. */
  readonly #unusable = new Map<string, string>()
  /** The keys of routes that are served but not stored, see {@link LoadOptions.onDefaultNotStored}. */
  readonly #unstored = new Set<string>()
  #restored = 0
  /** Changes to one route take effect in the order they came. */
  readonly #turns = new Turns()
  /** Undefined where nobody else writes to the store. */
  #follower: Follower | undefined

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
    for (const route of [...(await this.#store.load()), ...recovered]) this.#routes.set(this.#keyOf(route), route)
    this.#restored = this.#routes.size
    if (recovered.length > 0) await this.#store.fill(recovered)
    if (defaultTarget !== undefined && this.get('/')?.data.target !== defaultTarget) {
      const route = { routespec: '/', data: { target: defaultTarget }, lastActivity: this.#now() }
      await this.#write('/', route).catch((error: Error) => {
        this.#unstored.add('/')
        onDefaultNotStored(error)
      })
      this.#routes.set('/', route)
    }
    return [...this.#routes.entries()].flatMap(([key, route]) => this.#publicationOf(key, route) ?? [])
  }

  /** Undefined if another version has stored the route whose target this one doesn't take, and for none. */
  #publicationOf(key: string, route: Route | undefined): RoutePublication | undefined {
    this.#unusable.delete(key)
    try {
      return route && { key, target: this.#readTarget(route.data.target), route }
    } catch (error) {
      this.#unusable.set(key, (error as Error).message)
      return undefined
    }
  }

  #keyOf({ routespec }: Pick<Route, 'routespec'>): string {
    return routeKey(routespec, this.#hostRouting)
  }

  /** How many routes were there when the table was loaded. */
  get restored(): number {
    return this.#restored
  }

  /** How many routes there are. */
  get size(): number {
    return this.#routes.size
  }

  get(routespec: string): Route | undefined {
    return this.#routes.get(this.#keyOf({ routespec }))
  }

  /** All routes. */
  all(): Iterable<Route> {
    return this.#routes.values()
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

  /** The same of one route; undefined if it can be served, or isn't there. */
  refusalOf(routespec: string): string | undefined {
    const key = this.#keyOf({ routespec })
    if (this.#routes.get(key) === undefined) return undefined
    return this.#publisher.refusalOf(key) ?? this.#unusable.get(key)
  }

  /** A route was in use at a moment. A key that isn't there is one that was just removed. See {@link storeActivity}. */
  touch(key: string, at: Date): void {
    this.#routes.touch(key, at)
  }

  /**
   * Has the store remember when routes were last active, of those that were since a moment; and what it could not store
   * at the start.
   *
   * @throws NotStoredError; for some it may have been stored
   */
  async storeActivity(since: Date): Promise<void> {
    for (const key of this.#unstored) await this.#turns.run(key, () => this.#storeAgain(key))
    await this.#store.storeActivity([...this.#routes.values()], since)
  }

  async #storeAgain(key: string): Promise<void> {
    const route = this.#routes.get(key)
    if (route !== undefined && this.#unstored.has(key)) await this.#write(key, route)
  }

  /**
   * Adds a route or replaces the whole entry. Resolves once requests on every Envoy go to the target.
   *
   * @throws TargetInvalidError, RouteRejectedError, RouteNotAcknowledgedError, NotStoredError; the table and Envoy are then as before
   */
  async put(routespec: string, posted: RouteData): Promise<void> {
    const target = this.#readTarget(posted.target)
    const key = this.#keyOf({ routespec })
    const host = this.#hostRouting ? hostOf(routespec) : undefined
    const data = host === undefined ? posted : { ...posted, host }
    await this.#turns.run(key, () =>
      this.#routes.arrive(key, this.#now(), async (lastActivity) => {
        const takeBack = await this.#publisher.publish({ key, target, route: { routespec, data } })
        const route = { routespec, data, lastActivity: lastActivity() }
        await orTakeBack(takeBack, () => this.#write(key, route))
        this.#routes.set(key, { ...route, lastActivity: lastActivity() })
        this.#unusable.delete(key)
      }),
    )
  }

  /**
   * Removes a route. Resolves once no request on any Envoy goes to it; false if there was none.
   *
   * @throws RouteNotAcknowledgedError, NotStoredError; the table and Envoy are then as before
   */
  async delete(routespec: string): Promise<boolean> {
    const key = this.#keyOf({ routespec })
    return this.#turns.run(key, async () => {
      const route = this.#routes.get(key)
      if (route === undefined) return false
      const takeBack = await this.#publisher.withdraw(key)
      await orTakeBack(takeBack, () => this.#write(key, undefined))
      this.#routes.delete(key)
      this.#unusable.delete(key)
      return true
    })
  }

  async #write(key: string, after: Route | undefined): Promise<void> {
    const revision = await this.#store.write({ key, before: this.#routes.get(key)?.routespec, after })
    this.#follower?.wrote(key, revision)
    this.#unstored.delete(key)
  }

  /** From now on the table and every Envoy have what others write to the store. To be called before any change is made. */
  follow(): void {
    if (this.#store.watch === undefined) return
    const follower = new Follower({
      ...{ routes: this.#routes, turns: this.#turns, publisher: this.#publisher },
      keyOf: (route) => this.#keyOf(route),
      publicationOf: (key, route) => this.#publicationOf(key, route),
    })
    this.#follower = follower
    this.#store.watch((event) => follower.apply(event))
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
