import { FatalError } from '../../platform/fatal-error.js'
import type { PlainLog } from '../../platform/log.js'
import { lastActive } from '../../routing/last-active.js'
import type { Route } from '../../routing/route.js'
import { routeKey } from '../../routing/routespec.js'
import type { OpenedStore, Revision, RouteChange, StoreEvent } from '../../routing/store.js'
import type { Account } from './account.js'
import { StoredActivity } from './activity.js'
import { CallQueue } from './call-queue.js'
import { KubernetesClient } from './client.js'
import type { Listed } from './config-maps.js'
import { ConfigMaps } from './config-maps.js'
import { follow } from './follow.js'
import type { ConfigMap } from './objects.js'
import { decodeRoute, encodeRoute, nameOf, revisionOf, selectorOf } from './objects.js'
import { requireRights } from './rights.js'

/** How long a call of the API may take. The hub waits for it, and asks again after a 503. */
const CALL_LIMIT_MS = 1_800

export interface KubernetesStoreOptions {
  readonly account: Account
  /** What distinguishes the routes from those of another proxy in the namespace. */
  readonly name: string
  readonly hostRouting: boolean
  readonly log: PlainLog
}

/**
 * Stores routes in Kubernetes, a ConfigMap for each, so that they survive the pod. It also follows what others write: a
 * pod on a lost node may go on for a while beside the pod that replaces it.
 */
export class KubernetesStore implements OpenedStore {
  readonly isDurable = true
  readonly isNew = false
  readonly directory = undefined
  readonly where: string
  readonly #options: KubernetesStoreOptions
  readonly #client: KubernetesClient
  readonly #configMaps: ConfigMaps
  readonly #activity: StoredActivity
  /** The name of each route's object, by the route's key. */
  readonly #names = new Map<string, string>()
  readonly #queue = new CallQueue()
  #revision: Revision = 0n
  /** The list from which to follow. */
  #loaded = ''
  readonly #stop = new AbortController()
  #following: Promise<void> | undefined

  private constructor(options: KubernetesStoreOptions, client: KubernetesClient) {
    const { account, name } = options
    this.where = `ConfigMaps of the namespace ${account.namespace}, as ${name}`
    this.#options = options
    this.#client = client
    this.#configMaps = new ConfigMaps(client, account.namespace)
    this.#activity = new StoredActivity(this.#configMaps, name)
  }

  /** @throws FatalError if the API can't be reached or doesn't allow what is needed */
  static async open(options: KubernetesStoreOptions): Promise<KubernetesStore> {
    const client = new KubernetesClient(options.account, CALL_LIMIT_MS)
    try {
      await requireRights(client, options.account.namespace)
      return new KubernetesStore(options, client)
    } catch (error) {
      await client.close()
      if (error instanceof FatalError) throw error
      const { server } = options.account
      throw new FatalError(`The Kubernetes API at ${server} can't be used for routes: ${(error as Error).message}`)
    }
  }

  async load(): Promise<readonly Route[]> {
    try {
      const listed = await this.#configMaps.list(selectorOf(this.#options.name, 'route'))
      this.#loaded = listed.resourceVersion
      const routes = this.#readAll(listed)
      const times = await this.#activity.load()
      return routes.map((route) => lastActive(route, times.get(this.#nameOf(this.#keyOf(route)))))
    } catch (error) {
      throw new FatalError(`The routes in ${this.where} can't be read: ${(error as Error).message}`)
    }
  }

  /** Never called, since a shared store may be in use and is never new. */
  async fill(routes: readonly Route[]): Promise<void> {
    await Promise.all(routes.map((route) => this.write({ key: this.#keyOf(route), before: undefined, after: route })))
  }

  async write({ key, after }: RouteChange): Promise<Revision> {
    const name = this.#nameOf(key)
    const revision = await this.#queue.run(() => this.#change(name, key, after))
    if (after === undefined) this.#names.delete(key)
    else this.#names.set(key, name)
    return this.#seen(revision)
  }

  async #change(name: string, key: string, after: Route | undefined): Promise<Revision> {
    if (after !== undefined) {
      return revisionOf(
        await this.#configMaps.put(encodeRoute(this.#options.name, name, key, after), this.#names.has(key)),
      )
    }
    await this.#configMaps.delete(name)
    // The API doesn't tell the revision of a removal. It is at least this.
    return this.#revision + 1n
  }

  async storeActivity(routes: readonly Route[], since: Date): Promise<void> {
    const times = routes.map((route) => {
      const at = route.lastActivity
      return [this.#nameOf(this.#keyOf(route)), at < since ? undefined : at.getTime()] as const
    })
    await this.#queue.run(() => this.#activity.write(new Map(times)))
  }

  watch(apply: (event: StoreEvent) => Promise<void>): void {
    const tell = (event: StoreEvent) => {
      apply(event).catch((error: Error) =>
        this.#options.log.warn(`What another control plane has stored is not at every Envoy: ${error.message}`),
      )
    }
    this.#following = follow({
      ...{ client: this.#client, configMaps: this.#configMaps, log: this.#options.log, signal: this.#stop.signal },
      selector: selectorOf(this.#options.name, 'route'),
      from: this.#loaded,
      onList: (listed) => {
        const revision = this.#seen(BigInt(listed.resourceVersion))
        tell({ revision, routes: this.#readAll(listed) })
      },
      onChange: (object, isDeleted) => {
        const event = this.#eventOf(object, isDeleted)
        if (event !== undefined) tell(event)
      },
    })
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#following
    await this.#client.close()
  }

  discard(): Promise<void> {
    return this.close()
  }

  #eventOf(object: ConfigMap, isDeleted: boolean): StoreEvent | undefined {
    const revision = this.#seen(revisionOf(object))
    const route = this.#read(object)
    if (route === undefined) return undefined
    const key = this.#keyOf(route)
    if (!isDeleted) {
      this.#names.set(key, object.metadata.name)
      return { revision, key, route }
    }
    if (this.#nameOf(key) !== object.metadata.name) return undefined
    this.#names.delete(key)
    return { revision, key, route: undefined }
  }

  #readAll({ items }: Listed): readonly Route[] {
    this.#names.clear()
    return items.flatMap((object) => {
      this.#seen(revisionOf(object))
      const route = this.#read(object)
      if (route === undefined) return []
      this.#names.set(this.#keyOf(route), object.metadata.name)
      return [route]
    })
  }

  /** Undefined, with a line in the log, if it is damaged or not ours. It is left as it is. */
  #read(object: ConfigMap): Route | undefined {
    try {
      return decodeRoute(this.#options.name, object)
    } catch (error) {
      this.#options.log.warn(`Skipped the ConfigMap ${object.metadata.name}: ${(error as Error).message}`)
      return undefined
    }
  }

  /** It has another name if it was stored with or without --host-routing, which compares hosts in lower case. */
  #nameOf(key: string): string {
    return this.#names.get(key) ?? nameOf(this.#options.name, key)
  }

  #keyOf({ routespec }: Route): string {
    return routeKey(routespec, this.#options.hostRouting)
  }

  #seen(revision: Revision): Revision {
    if (revision > this.#revision) this.#revision = revision
    return revision
  }
}
