import { RoutesByName } from '../names/routes-by-name.js'
import type { ClusterSettings } from '../resources/clusters/cluster.js'
import { hostNameOf } from '../resources/clusters/cluster.js'
import { RouteClusterEncoder } from '../resources/clusters/encoder.js'
import { clusterName, routeKeyOf } from '../resources/names.js'
import { RouteNotAcknowledgedError, RouteRejectedError } from '../routing/errors.js'
import type { Rollback, RoutePublisher } from '../routing/publisher.js'
import type { RoutePublication } from '../routing/route.js'
import type { ResourceCollection } from '../xds/collection.js'
import type { Delivery } from '../xds/delivery.js'
import { NotAcknowledged, Rejected } from '../xds/errors.js'
import type { Resource } from '../xds/resource.js'
import type { ServedCollection } from '../xds/served-collection.js'
import type { Subscriptions } from '../xds/subscriptions.js'
import type { LookupPublisher } from './lookup.js'

/**
 * How long a route of another control plane waits for the addresses of its host name. That one has waited for them, and
 * who does not confirm a change within 2 s is given up.
 */
const SETTLE_WAIT_MS = 1_000

/** The addresses of host names. See AddressBook. */
export interface HostAddresses {
  resolve(host: string, again: boolean, waitMs?: number): Promise<readonly string[]>
  known(host: string): readonly string[]
  failing(host: string): void
  release(host: string): void
}

export interface ClusterPublisherOptions {
  readonly clusters: ServedCollection
  readonly lookup: Pick<LookupPublisher, 'include' | 'finds'>
  readonly settings: ClusterSettings
  readonly addresses: HostAddresses
  /** Whether clusters carry their routes, so that a lost table can be recovered from Envoy. */
  readonly recoverable: boolean
  /** Whether clusters carry the names that access logs and traces have. */
  readonly named: boolean
  /** Logs what an operator has to know of a change that was taken back. */
  readonly warn: (line: string) => void
}

/** Turns routes into clusters and delivers them. */
export class ClusterPublisher implements RoutePublisher {
  readonly #clusters: ResourceCollection
  readonly #delivery: Delivery
  readonly #subscriptions: Subscriptions
  readonly #lookup: ClusterPublisherOptions['lookup']
  readonly #encoder: RouteClusterEncoder
  readonly #addresses: HostAddresses
  readonly #recoverable: boolean
  readonly #named: boolean
  readonly #warn: (line: string) => void
  readonly #byName = new RoutesByName()
  /** The keys of routes that are being changed. New addresses of their names wait for that. */
  readonly #changing = new Set<string>()
  /** How many changes that are under way need a name. */
  readonly #needed = new Map<string, number>()

  constructor(options: ClusterPublisherOptions) {
    this.#clusters = options.clusters.collection
    this.#delivery = options.clusters.delivery
    this.#subscriptions = options.clusters.subscriptions
    this.#lookup = options.lookup
    this.#encoder = new RouteClusterEncoder(options.settings)
    this.#addresses = options.addresses
    this.#recoverable = options.recoverable
    this.#named = options.named
    this.#warn = options.warn
  }

  /** Adds the stored routes, before any Envoy connects. Doesn't wait for delivery. */
  load(routes: readonly RoutePublication[]): void {
    for (const route of routes) {
      const host = hostNameOf(route.target)
      this.#byName.set(route.key, host === undefined ? undefined : { host, route })
      this.#clusters.set(clusterName(route.key), this.#encode(route))
    }
  }

  async prepare({ key, target }: RoutePublication): Promise<void> {
    const host = hostNameOf(target)
    if (host === undefined) return
    this.#need(host)
    await this.#addresses.resolve(host, this.#byName.get(key)?.host === host)
  }

  /** The cluster of a target by name gets the name's current addresses, so that it works at once. */
  async publish(route: RoutePublication): Promise<Rollback> {
    const rollback = this.#rollback(route.key)
    const host = hostNameOf(route.target)
    await this.#change(route.key, host, async () => {
      if (host !== undefined) this.#needNoLonger(host)
      await orRouteError(this.#lookup.finds(route))
      await orRouteError(this.#delivery.apply(clusterName(route.key), this.#encode(route)))
      this.#byName.set(route.key, host === undefined ? undefined : { host, route })
    })
    return rollback
  }

  async withdraw(key: string): Promise<Rollback> {
    const rollback = this.#rollback(key)
    await this.#change(key, undefined, async () => {
      await orRouteError(this.#delivery.apply(clusterName(key), undefined))
      this.#byName.set(key, undefined)
    })
    return rollback
  }

  async settle(key: string, route: RoutePublication | undefined): Promise<void> {
    const host = route && hostNameOf(route.target)
    await this.#change(key, host, async () => {
      const isSame = this.#byName.get(key)?.host === host
      if (host !== undefined) await this.#addresses.resolve(host, isSame, SETTLE_WAIT_MS)
      this.#byName.set(key, route === undefined || host === undefined ? undefined : { host, route })
      if (route !== undefined) this.#lookup.include(route)
      this.#clusters.set(clusterName(key), route && this.#encode(route))
      if (route !== undefined) await orRouteError(this.#lookup.finds(route))
      await orRouteError(this.#delivery.delivered(clusterName(key)))
    })
  }

  /** Makes the function that returns to the current state. */
  #rollback(key: string): Rollback {
    const name = clusterName(key)
    const [before, routeBefore] = [this.#clusters.get(name), this.#byName.get(key)]
    return async () => {
      this.#byName.set(key, routeBefore)
      // The name may have been released meanwhile. Until it is resolved again, its earlier addresses do.
      if (routeBefore !== undefined) void this.#addresses.resolve(routeBefore.host, false)
      if (await this.#delivery.restore(name, before)) return
      this.#warn(
        `The failed change of the route ${key} was undone. Not every Envoy has confirmed that yet; each does when it answers`,
      )
    }
  }

  /** @param host the host name of the route's new target */
  async #change(key: string, host: string | undefined, change: () => Promise<void>): Promise<void> {
    const hosts = [host, this.#byName.get(key)?.host].filter((one) => one !== undefined)
    this.#changing.add(key)
    for (const one of hosts) this.#need(one)
    try {
      await change()
    } finally {
      this.#changing.delete(key)
      this.#update(key)
      for (const one of hosts) this.#needNoLonger(one)
    }
  }

  #need(host: string): void {
    this.#needed.set(host, (this.#needed.get(host) ?? 0) + 1)
  }

  #needNoLonger(host: string): void {
    const others = (this.#needed.get(host) ?? 0) - 1
    if (others > 0) this.#needed.set(host, others)
    else this.#needed.delete(host)
    if (others <= 0 && !this.#byName.has(host)) this.#addresses.release(host)
  }

  /** Called when the addresses of a host name have changed. */
  addressesChanged(host: string): void {
    for (const key of this.#byName.keysOf(host)) this.#update(key)
  }

  /** Called when requests to a route could not reach its target. */
  unreachable(key: string): void {
    const found = this.#byName.get(key)
    if (found !== undefined) this.#addresses.failing(found.host)
  }

  #update(key: string): void {
    const found = this.#byName.get(key)
    if (found === undefined || this.#changing.has(key) || this.#addresses.known(found.host).length === 0) return
    const next = this.#encode(found.route)
    const name = clusterName(key)
    if (this.#clusters.get(name)?.version !== next.version) this.#clusters.set(name, next)
  }

  refusals(): ReadonlyMap<string, string> {
    const refusals = [...this.#subscriptions.refusals()]
    return new Map(
      refusals.flatMap(([name, reason]): Array<[string, string]> => {
        const key = routeKeyOf(name)
        return key === undefined ? [] : [[key, reason]]
      }),
    )
  }

  refusalOf(key: string): string | undefined {
    return this.#subscriptions.refusalOf(clusterName(key))
  }

  #encode({ route, ...input }: RoutePublication): Resource {
    const record = { ...(this.#recoverable && { route }), ...(this.#named && { named: route }) }
    const host = hostNameOf(input.target)
    const addresses = host === undefined ? {} : { addresses: this.#addresses.known(host) }
    return this.#encoder.encode({ ...input, ...record, ...addresses })
  }
}

/** @throws RouteRejectedError, RouteNotAcknowledgedError */
async function orRouteError(delivered: Promise<void>): Promise<void> {
  try {
    await delivered
  } catch (error) {
    if (error instanceof Rejected) throw new RouteRejectedError(error.message)
    if (error instanceof NotAcknowledged) throw new RouteNotAcknowledgedError(error.message)
    throw error
  }
}
