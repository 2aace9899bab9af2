import type { RequestOp } from '#proto/etcdserverpb/RequestOp.js'
import { FatalError } from '../../platform/fatal-error.js'
import type { PlainLog } from '../../platform/log.js'
import { StoreAwayError } from '../../routing/errors.js'
import type { Route } from '../../routing/route.js'
import type { Revision, RouteChange, StoreEvent } from '../../routing/store.js'
import { StoredActivity } from '../activity-pieces.js'
import { CallQueue } from '../call-queue.js'
import { routeToJson } from '../route-json.js'
import type { SharedStore, Snapshot, StoredChange } from '../shared.js'
import { ActivityKeys } from './activity.js'
import { checkEtcd } from './check.js'
import { EtcdClient } from './client.js'
import type { EtcdConnection } from './endpoints.js'
import { EtcdAwayError } from './errors.js'
import { follow } from './follow.js'
import { GuardedWriter } from './guarded-writer.js'
import { Keys } from './keys.js'
import type { Listed } from './list.js'
import { listRange } from './list.js'
import { EtcdMembers } from './members.js'
import { bytes, isCreatedAt, put, remove, revisionOf } from './operations.js'
import { portions } from './portions.js'
import { StoredRoutes } from './routes.js'
import { RPC } from './rpc.js'

/** How many calls are made at a time. A deadline begins with the call, not in the queue. */
const CALLS = 64
const MEMBER_CALLS = 8

const EMPTIED =
  'etcd has lost all that it had of this proxy. Give it its data back, or restart all control planes to begin anew'

export interface EtcdStoreOptions {
  readonly connection: EtcdConnection
  /** What distinguishes the routes from those of another proxy in the same etcd. */
  readonly name: string
  readonly hostRouting: boolean
  readonly log: PlainLog
}

/** Stores routes in etcd, a key for each, for any number of control planes. */
export class EtcdStore implements SharedStore {
  readonly isDurable = true
  readonly isNew = false
  readonly directory = undefined
  isFirst = false
  readonly where: string
  readonly members: EtcdMembers
  readonly #log: PlainLog
  readonly #client: EtcdClient
  readonly #keys: Keys
  readonly #routes: StoredRoutes
  readonly #writer: GuardedWriter
  readonly #activity: StoredActivity
  readonly #queue = callQueue(CALLS)
  #loaded: Revision = 0n
  #wasMarked = false
  readonly #stop = new AbortController()
  #following: Promise<void> | undefined

  private constructor({ connection, name, hostRouting, log }: EtcdStoreOptions, client: EtcdClient) {
    this.#keys = new Keys(name)
    this.where = `etcd at ${connection.endpoints.join(', ')}, below ${this.#keys.prefix}`
    this.#log = log
    this.#client = client
    this.#routes = new StoredRoutes(this.#keys, hostRouting, log)
    this.#writer = new GuardedWriter(client)
    this.#activity = new StoredActivity(new ActivityKeys(client, this.#keys), (routespec) =>
      this.#routes.keyOf(routespec),
    )
    // A renewal waits for no write.
    const queue = callQueue(MEMBER_CALLS)
    this.members = new EtcdMembers(client, this.#keys, this.#writer, (task) => queue.run(task), log)
  }

  /** @throws FatalError if etcd can't be reached, is too old or doesn't allow what is needed */
  static async open(options: EtcdStoreOptions): Promise<EtcdStore> {
    const client = new EtcdClient(options.connection, options.log)
    try {
      await checkEtcd(client, options)
      return new EtcdStore(options, client)
    } catch (error) {
      client.close()
      throw error
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
    return this.#queue.run(() => this.#snapshot())
  }

  async #snapshot(): Promise<Snapshot> {
    const listed = await listRange(this.#client, this.#keys.routes)
    const { revision } = listed
    return { revision, routes: await this.#activity.addTo(await this.#readAll(listed)) }
  }

  async hasBegun(): Promise<boolean> {
    const range = { key: bytes(this.#keys.begun), count_only: true }
    return (await this.#queue.run(() => this.#client.call(RPC.range, range))).count !== '0'
  }

  async begin(): Promise<void> {
    const success = [put(this.#keys.begun, new Date().toISOString())]
    await this.#queue.run(() => this.#client.call(RPC.txn, { success }))
    this.isFirst = true
  }

  /** Not all or none: a shared store may be in use and is never new, so this is only for routes that are copied. */
  async fill(routes: readonly Route[]): Promise<void> {
    const operations = routes.map((route) => this.#put(this.#routes.keyOf(route.routespec), route))
    for (const some of portions(operations)) await this.#queue.run(() => this.#writer.write(some))
  }

  async write({ key, after }: RouteChange): Promise<Revision> {
    const operation = after === undefined ? this.#remove(key) : this.#put(key, after)
    return revisionOf(await this.#queue.run(() => this.#writer.write([operation])))
  }

  async writeAmong(change: RouteChange): Promise<StoredChange> {
    return { revision: await this.write(change), members: undefined }
  }

  get hasOpenWrite(): boolean {
    return this.#writer.isOpen
  }

  settle(): Promise<void> {
    return this.#queue.run(() => this.#writer.settle())
  }

  async storeActivity(routes: readonly Route[], since: Date): Promise<void> {
    await this.#queue.run(() => this.#activity.store(routes, since))
  }

  watch(apply: (event: StoreEvent) => Promise<void>): void {
    const tell = (event: StoreEvent) => {
      apply(event).catch((error: Error) =>
        this.#log.warn(`What another control plane has stored is not at every Envoy: ${error.message}`),
      )
    }
    this.#following = follow({
      ...{ client: this.#client, range: this.#keys.routes, from: this.#loaded },
      ...{ log: this.#log, signal: this.#stop.signal },
      onList: async (listed) => tell({ revision: listed.revision, routes: await this.#readAll(listed) }),
      onEvents: ({ events }) => {
        for (const each of events) {
          const event = this.#routes.eventOf(each)
          if (event !== undefined) tell(event)
        }
      },
    })
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#following
    this.#client.close()
  }

  discard(): Promise<void> {
    return this.close()
  }

  /** @throws StoreAwayError if nothing is there any more: then users are better served with what was there before */
  async #readAll({ kvs }: Listed): Promise<readonly Route[]> {
    // It is among the last keys.
    const isMarked = kvs.slice(-2).some(({ key }) => key.toString() === this.#keys.begun)
    if (this.#wasMarked && !isMarked) throw new StoreAwayError(EMPTIED)
    this.#wasMarked = isMarked
    return this.#routes.readAll(kvs)
  }

  #put(key: string, route: Route): RequestOp {
    return put(this.#routes.placeOf(key), routeToJson(route))
  }

  /** One that is missing is removed, too, with a revision that others are told of: they may have it yet. */
  #remove(key: string): RequestOp {
    const place = this.#routes.placeOf(key)
    return {
      request_txn: {
        compare: [isCreatedAt(place, 0n)],
        success: [put(this.#keys.removed, key)],
        failure: [remove(place)],
      },
    }
  }
}

function callQueue(calls: number): CallQueue {
  return new CallQueue({ calls, store: 'etcd', isAway: (error) => error instanceof EtcdAwayError })
}
