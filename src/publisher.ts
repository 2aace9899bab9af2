import type { LookupAddress } from 'node:dns'
import { setTimeout as delay } from 'node:timers/promises'
import type { ClusterSettings, RouteClusterInput } from './resources/cluster.js'
import { needsResolving, routeCluster } from './resources/cluster.js'
import { clusterName, routeKeyOf, TYPE_URL } from './resources/names.js'
import { resource } from './resources/resource.js'
import type { RoutePublication, RoutePublisher, TakeBack } from './routing/route.js'
import type { ResourceCollection } from './xds/collection.js'
import type { Resource } from './xds/resource.js'

/** All addresses of a host name, as the system resolves it; rejects if there are none. */
export type Lookup = (host: string) => Promise<readonly LookupAddress[]>

/** A resolver that doesn't answer would hold the POST for longer than the hub waits. */
const LOOKUP_LIMIT_MS = 2_000

export interface ClusterPublisherOptions {
  readonly clusters: ResourceCollection
  readonly settings: ClusterSettings
  readonly lookup: Lookup
  /** Whether the table is to be recovered from Envoy should it be lost everywhere else. */
  readonly recoverable: boolean
  /** Told what an operator has to know of a change that was taken back. */
  readonly warn: (line: string) => void
}

/** Turns routes into clusters and has them delivered. */
export class ClusterPublisher implements RoutePublisher {
  readonly #clusters: ResourceCollection
  readonly #settings: ClusterSettings
  readonly #lookup: Lookup
  readonly #recoverable: boolean
  readonly #warn: (line: string) => void

  constructor(options: ClusterPublisherOptions) {
    this.#clusters = options.clusters
    this.#settings = options.settings
    this.#lookup = options.lookup
    this.#recoverable = options.recoverable
    this.#warn = options.warn
  }

  /** What is to be there before any Envoy connects; waits for nobody. */
  load(routes: readonly RoutePublication[]): void {
    for (const route of routes) this.#clusters.set(clusterName(route.key), this.#encode(route))
  }

  async publish(route: RoutePublication): Promise<TakeBack> {
    const takeBack = this.#takeBack(route.key)
    const name = clusterName(route.key)
    if (!needsResolving(route.target)) {
      await this.#clusters.apply(name, this.#encode(route))
      return takeBack
    }
    // Envoy doesn't use a cluster before it has resolved its host name; until then requests would fall to the parent
    // route. So the first version has the addresses in it, and the one that keeps resolving takes its place when ready.
    const addresses = await this.#resolve(route.target.address.host)
    await this.#clusters.apply(name, this.#encode({ ...route, addresses }))
    if (addresses.length > 0) this.#clusters.set(name, this.#encode(route))
    return takeBack
  }

  /** To what there is now. */
  #takeBack(key: string): TakeBack {
    const name = clusterName(key)
    const before = this.#clusters.get(name)
    return async () => {
      if (await this.#clusters.restore(name, before)) return
      this.#warn(
        `A change of the route ${key} was taken back. Not every Envoy has done so yet: it will when it answers`,
      )
    }
  }

  /** None if the name doesn't resolve, or not soon: Envoy goes on trying. */
  async #resolve(host: string): Promise<readonly string[]> {
    const limit = new AbortController()
    try {
      const late = delay(LOOKUP_LIMIT_MS, [], { signal: limit.signal })
      return (await Promise.race([this.#lookup(host), late])).map(({ address }) => address)
    } catch {
      return []
    } finally {
      limit.abort()
    }
  }

  async withdraw(key: string): Promise<TakeBack> {
    const takeBack = this.#takeBack(key)
    await this.#clusters.apply(clusterName(key), undefined)
    return takeBack
  }

  refusals(): ReadonlyMap<string, string> {
    const refusals = [...this.#clusters.refusals()]
    return new Map(
      refusals.flatMap(([name, reason]): Array<[string, string]> => {
        const key = routeKeyOf(name)
        return key === undefined ? [] : [[key, reason]]
      }),
    )
  }

  #encode({ route, ...input }: RouteClusterInput): Resource {
    const record = this.#recoverable && route !== undefined ? { route } : {}
    return resource(TYPE_URL.cluster, routeCluster({ ...input, ...record }, this.#settings))
  }
}

/** What the log says of a cluster that Envoy refused, and what that means for its route. See {@link OnRejected}. */
export function rejectionLine(name: string, reason: string, kept: boolean): string {
  const key = routeKeyOf(name)
  if (key === undefined) return `Envoy rejected ${name}: ${reason}`
  const effect = kept ? NOT_IN_USE : 'Nothing changed'
  return `Envoy rejected the route ${key}. ${effect}: ${reason}`
}

/** The same of a stored route that was not even shown to Envoy. */
export function unusableLine(routespec: string, reason: string): string {
  return `The stored route ${routespec} can't be served. ${NOT_IN_USE}: ${reason}`
}

const NOT_IN_USE = 'It is not in use until it is added again with a target that can be used'
