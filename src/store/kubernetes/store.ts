import { FatalError } from '../../platform/fatal-error.js'
import type { PlainLog } from '../../platform/log.js'
import type { Route } from '../../routing/route.js'
import type { Revision, RouteChange, StoreEvent } from '../../routing/store.js'
import { StoredActivity } from '../activity-pieces.js'
import { LoneMembers } from '../lone-members.js'
import type { Members, SharedStore, Snapshot, StoredChange } from '../shared.js'
import type { Account } from './account.js'
import { ActivityConfigMaps } from './activity.js'
import { CONNECTIONS, KubernetesClient } from './client.js'
import type { Listed } from './config-maps.js'
import { ConfigMaps } from './config-maps.js'
import { Following } from './follow.js'
import { Leases } from './leases.js'
import { KubernetesMembers } from './members.js'
import { encodeNew, encodeRemoval, encodeRoute, labelsOf, revisionOf, selectorOf } from './objects.js'
import { callQueue } from './queue.js'
import { requireRights } from './rights.js'
import type { Removed } from './routes.js'
import { StoredRoutes } from './routes.js'

/** How long a call of the API may take. The hub waits for it, and asks again after a 503. */
const CALL_LIMIT_MS = 1_800

/** How many calls about members are made at a time. They wait for no write. */
const MEMBER_CALLS = 4

export interface KubernetesStoreOptions {
  readonly account: Account
  /** What distinguishes the routes from those of another proxy in the namespace. */
  readonly name: string
  readonly hostRouting: boolean
  readonly log: PlainLog
}

/**
 * Stores routes in Kubernetes, a ConfigMap for each, so that they survive the pod. Any number of control planes may write
 * to it: there are two for a while even where one is wanted, when a pod on a lost node goes on beside its successor.
 */
export class KubernetesStore implements SharedStore {
  readonly isDurable = true
  readonly isNew = false
  /** What comes late demands a version that is gone: see {@link ConfigMaps}. */
  readonly hasOpenWrite = false
  readonly directory = undefined
  isFirst = false
  readonly where: string
  readonly members: Members
  readonly #options: KubernetesStoreOptions
  readonly #client: KubernetesClient
  readonly #configMaps: ConfigMaps
  readonly #routes: StoredRoutes
  readonly #activity: StoredActivity
  readonly #queue = callQueue(CONNECTIONS - MEMBER_CALLS)
  #loaded: Revision = 0n
  /** Objects of removed routes that are being deleted. */
  readonly #sweeps = new Set<Promise<void>>()
  #following: Following | undefined

  private constructor(options: KubernetesStoreOptions, client: KubernetesClient, mayUseLeases: boolean) {
    const { account, name, hostRouting, log } = options
    this.where = `ConfigMaps of the namespace ${account.namespace}, as ${name}`
    this.#options = options
    this.#client = client
    this.#configMaps = new ConfigMaps(client, account.namespace)
    this.#routes = new StoredRoutes(name, hostRouting, log)
    this.#activity = new StoredActivity(new ActivityConfigMaps(this.#configMaps, name), (routespec) =>
      this.#routes.keyOf(routespec),
    )
    const queue = callQueue(MEMBER_CALLS)
    const leases = new Leases(client, account.namespace, name)
    this.members = mayUseLeases ? new KubernetesMembers(leases, name, (task) => queue.run(task)) : new LoneMembers()
  }

  /** @throws FatalError if the API can't be reached or doesn't allow what is needed */
  static async open(options: KubernetesStoreOptions): Promise<KubernetesStore> {
    const client = new KubernetesClient(options.account, CALL_LIMIT_MS)
    try {
      const loss = await requireRights(client, options.account.namespace)
      if (loss !== undefined) options.log.warn(loss)
      return new KubernetesStore(options, client, loss === undefined)
    } catch (error) {
      await client.close()
      if (error instanceof FatalError) throw error
      const { server } = options.account
      throw new FatalError(`The Kubernetes API at ${server} can't be used for routes: ${(error as Error).message}`)
    }
  }

  get loaded(): Revision {
    return this.#loaded
  }

  async load(): Promise<readonly Route[]> {
    try {
      const { revision, routes } = await this.#snapshot()
      this.#loaded = revision
      return routes
    } catch (error) {
      throw new FatalError(`The routes in ${this.where} can't be read: ${(error as Error).message}`)
    }
  }

  reload(): Promise<Snapshot> {
    // Others may have given this member up since it heard of no change.
    this.#following?.anew()
    return this.#queue.run(() => this.#snapshot())
  }

  async #snapshot(): Promise<Snapshot> {
    const listed = await this.#configMaps.list(this.#selector)
    return { revision: BigInt(listed.resourceVersion), routes: await this.#activity.addTo(await this.#readAll(listed)) }
  }

  async hasBegun(): Promise<boolean> {
    const selector = selectorOf(this.#options.name, 'begun')
    return (await this.#queue.run(() => this.#configMaps.list(selector))).items.length > 0
  }

  async begin(): Promise<void> {
    const { name } = this.#options
    const metadata = { name: `${name}-begun`, labels: labelsOf(name, 'begun') }
    const object = { metadata, data: { at: new Date().toISOString() } }
    await this.#queue.run(() => this.#configMaps.put(object, undefined))
    this.isFirst = true
  }

  /** Not all or none: a shared store may be in use and is never new, so this is only for routes that are copied. */
  async fill(routes: readonly Route[]): Promise<void> {
    const keyOf = ({ routespec }: Route) => this.#routes.keyOf(routespec)
    await Promise.all(routes.map((route) => this.#queue.run(() => this.#put(keyOf(route), route, true))))
  }

  write(change: RouteChange): Promise<Revision> {
    return this.#queue.run(() => this.#write(change))
  }

  async writeAmong(change: RouteChange): Promise<StoredChange> {
    const revision = await this.write(change)
    return { revision, members: await this.members.list() }
  }

  async settle(): Promise<void> {}

  async #write({ key, after }: RouteChange): Promise<Revision> {
    if (after !== undefined) return this.#put(key, after)
    const removal = encodeRemoval(...this.#placeOf(key), key)
    const written = await this.#configMaps.put(removal, this.#routes.versionOf(key))
    this.#routes.wrote(key, written)
    this.#sweep([{ name: removal.metadata.name, version: written.metadata.resourceVersion ?? '' }])
    return revisionOf(written)
  }

  /** @param isCopy whether it may be made in one call: if that is given up, all routes are copied again */
  async #put(key: string, route: Route, isCopy = false): Promise<Revision> {
    const place = this.#placeOf(key)
    const object = encodeRoute(...place, route)
    const made = isCopy ? object : encodeNew(...place, key)
    const written = await this.#configMaps.put(object, this.#routes.versionOf(key), made)
    this.#routes.wrote(key, written)
    return revisionOf(written)
  }

  #placeOf(key: string): [store: string, name: string, stored: string] {
    return [this.#options.name, this.#routes.nameOf(key), this.#routes.storedKeyOf(key)]
  }

  async storeActivity(routes: readonly Route[], since: Date): Promise<void> {
    await this.#queue.run(() => this.#activity.store(routes, since))
  }

  watch(apply: (event: StoreEvent) => Promise<void>): void {
    const { log } = this.#options
    const tell = (event: StoreEvent) => {
      apply(event).catch((error: Error) =>
        log.warn(`What another control plane has stored is not at every Envoy: ${error.message}`),
      )
    }
    this.#following = new Following({
      ...{ client: this.#client, configMaps: this.#configMaps, log },
      ...{ selector: this.#selector, from: String(this.#loaded) },
      onList: async (listed) => tell({ revision: BigInt(listed.resourceVersion), routes: await this.#readAll(listed) }),
      onChange: (object, isDeleted) => {
        const event = this.#routes.eventOf(object, isDeleted)
        if (event !== undefined) tell(event)
      },
    })
  }

  async close(): Promise<void> {
    await this.#following?.stop()
    await Promise.all(this.#sweeps)
    await this.#client.close()
  }

  discard(): Promise<void> {
    return this.close()
  }

  async #readAll({ items }: Listed): Promise<readonly Route[]> {
    const { routes, removed } = await this.#routes.readAll(items)
    this.#sweep(removed)
    return routes
  }

  /** Deletes the objects of removed routes, unless they have been written anew. What is left, the next start deletes. */
  #sweep(removed: readonly Removed[]): void {
    for (const { name, version } of removed) {
      const sweep = this.#queue
        .run(() => this.#configMaps.deleteVersion(name, version))
        .catch(() => {})
        .finally(() => this.#sweeps.delete(sweep))
      this.#sweeps.add(sweep)
    }
  }

  get #selector(): string {
    return selectorOf(this.#options.name, 'route')
  }
}
