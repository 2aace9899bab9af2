import { Turns } from '../platform/turns.js'
import { Follower } from './follower.js'
import { Publications } from './publications.js'
import type { RoutePublisher } from './publisher.js'
import { orRollBack } from './publisher.js'
import type { Route, RouteData, RoutePublication } from './route.js'
import { secondsOf } from './route.js'
import { Routes } from './routes.js'
import { hostOf, routeKey } from './routespec.js'
import type { Revision, RouteStore } from './store.js'
import type { LoadOptions, RouteTableOptions } from './table-options.js'
import type { Target } from './target.js'

/**
 * The routes. An entry exists if and only if its POST was answered 201 (or is about to be), here or by another control
 * plane of the same store: a change becomes visible after every Envoy has acknowledged it and the store has it, and a
 * change that fails leaves no trace.
 */
export class RouteTable {
  readonly #store: RouteStore
  readonly #publisher: RoutePublisher
  readonly #hostRouting: boolean
  readonly #readTarget: (text: string) => Target
  readonly #now: () => Date
  readonly #routes = new Routes()
  readonly #publications: Publications
  /** The keys of routes that are served but not stored; see {@link LoadOptions.onDefaultNotStored}. */
  readonly #unstored = new Set<string>()
  #restored = 0
  /** Changes to one route take effect in the order of their calls. */
  readonly #calls = new Turns()
  /**
   * One change of a route is published at a time. A call that waits for a name server has no turn yet: what other control
   * planes have stored of its route must be applied within moments.
   */
  readonly #turns = new Turns()
  /** Undefined for a store with a single writer. */
  #follower: Follower | undefined

  constructor(options: RouteTableOptions) {
    this.#store = options.store
    this.#publisher = options.publisher
    this.#hostRouting = options.hostRouting
    this.#readTarget = options.readTarget
    this.#publications = new Publications(options.readTarget)
    this.#now = options.now
  }

  /**
   * Fills the table from the store and returns what must be published before an Envoy may listen.
   *
   * @throws NotStoredError if the recovered routes can't be stored
   */
  async load({ recovered = [], defaultTarget, onDefaultNotStored }: LoadOptions): Promise<RoutePublication[]> {
    for (const route of [...(await this.#store.load()), ...recovered]) this.#routes.set(this.#keyOf(route), route)
    this.#restored = this.#routes.size
    if (recovered.length > 0) await this.#store.fill(recovered)
    if (defaultTarget !== undefined && this.get('/')?.data.target !== defaultTarget) {
      const now = this.#now()
      const route = { routespec: '/', data: { target: defaultTarget }, lastActivity: now, added: secondsOf(now) }
      await this.#write('/', route).catch((error: Error) => {
        this.#unstored.add('/')
        onDefaultNotStored(error)
      })
      this.#routes.set('/', route)
    }
    return [...this.#routes.entries()].flatMap(([key, route]) => this.#publications.of(key, route) ?? [])
  }

  #keyOf({ routespec }: Pick<Route, 'routespec'>): string {
    return routeKey(routespec, this.#hostRouting)
  }

  /** How many routes there were when the table was loaded. */
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
   * The routes that can't be served, since an Envoy or this version rejects them, by routespec, each with the reason.
   * They stay in the table and the store.
   */
  refusals(): ReadonlyMap<string, string> {
    const refusals = new Map<string, string>()
    for (const [key, reason] of [...this.#publications.reasons, ...this.#publisher.refusals()]) {
      const route = this.#routes.get(key)
      if (route !== undefined) refusals.set(route.routespec, reason)
    }
    return refusals
  }

  /** The reason for one route; undefined if it can be served or doesn't exist. */
  refusalOf(routespec: string): string | undefined {
    const key = this.#keyOf({ routespec })
    if (this.#routes.get(key) === undefined) return undefined
    return this.#publisher.refusalOf(key) ?? this.#publications.reasons.get(key)
  }

  /** When each route was last in use, by key. */
  *lastActivity(): Iterable<readonly [key: string, at: Date]> {
    for (const [key, { lastActivity }] of this.#routes.entries()) yield [key, lastActivity]
  }

  /**
   * Called when a route was in use. An unknown key belongs to a route that was just removed. See {@link storeActivity}.
   */
  touch(key: string, at: Date): void {
    this.#routes.touch(key, at)
  }

  /**
   * Stores when routes were last active, if that was after `since`; also routes that could not be stored at the start.
   *
   * @throws NotStoredError; for some routes it may have been stored
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
   * @throws TargetInvalidError, RouteRejectedError, RouteNotAcknowledgedError, NotStoredError; the table and Envoy are
   *   then as before. Also what {@link RouteStore.agreed} throws
   */
  async put(routespec: string, posted: RouteData): Promise<void> {
    const target = this.#readTarget(posted.target)
    const key = this.#keyOf({ routespec })
    const host = this.#hostRouting ? hostOf(routespec) : undefined
    const data = host === undefined ? posted : { ...posted, host }
    const publication = { key, target, route: { routespec, data } }
    const revision = await this.#calls.run(key, () =>
      this.#routes.arrive(key, this.#now(), async (lastActivity) => {
        await this.#publisher.prepare(publication)
        return this.#turns.run(key, () => this.#add(publication, lastActivity))
      }),
    )
    await this.#store.agreed?.(revision)
  }

  async #add(publication: RoutePublication, lastActivity: () => Date): Promise<Revision> {
    const { key } = publication
    const rollback = await this.#publisher.publish(publication)
    const route = { ...publication.route, lastActivity: lastActivity(), added: secondsOf(this.#now()) }
    const revision = await orRollBack(rollback, () => this.#write(key, route))
    this.#routes.set(key, { ...route, lastActivity: lastActivity() })
    this.#publications.forget(key)
    return revision
  }

  /**
   * Removes a route. Resolves once no request on any Envoy goes to it; with false if there was no such route.
   *
   * @throws RouteNotAcknowledgedError, NotStoredError; the table and Envoy are then as before
   */
  async delete(routespec: string): Promise<boolean> {
    const key = this.#keyOf({ routespec })
    const { wasThere, revision } = await this.#calls.run(key, () => this.#turns.run(key, () => this.#remove(key)))
    if (revision !== undefined) await this.#store.agreed?.(revision)
    return wasThere
  }

  async #remove(key: string): Promise<{ readonly wasThere: boolean; readonly revision: Revision | undefined }> {
    const wasThere = this.#routes.get(key) !== undefined
    // Another control plane may have stored one that is not known here yet, so that there is none must be stored, too.
    if (!wasThere && this.#store.agreed === undefined) return { wasThere, revision: undefined }
    const rollback = await this.#publisher.withdraw(key)
    const revision = await orRollBack(rollback, () => this.#write(key, undefined))
    this.#routes.delete(key)
    this.#publications.forget(key)
    return { wasThere, revision }
  }

  async #write(key: string, after: Route | undefined): Promise<Revision> {
    const revision = await this.#store.write({ key, before: this.#routes.get(key)?.routespec, after })
    this.#follower?.wrote(key, revision)
    this.#unstored.delete(key)
    return revision
  }

  /**
   * Starts to apply other writers' changes of the store to the table and every Envoy. Call it before the first change.
   */
  follow(): void {
    if (this.#store.watch === undefined) return
    const follower = new Follower({
      ...{ routes: this.#routes, turns: this.#turns, publisher: this.#publisher },
      keyOf: (route) => this.#keyOf(route),
      publicationOf: (key, route) => this.#publications.of(key, route),
    })
    this.#follower = follower
    this.#store.watch((event) => follower.apply(event))
  }
}
