import type { LookupAddress } from 'node:dns'
import type { ClusterSettings, RouteClusterInput } from './resources/cluster.js'
import { needsResolving, routeCluster } from './resources/cluster.js'
import { clusterName, TYPE_URL } from './resources/names.js'
import { resource } from './resources/resource.js'
import type { RoutePublication, RoutePublisher } from './routing/route.js'
import type { ResourceCollection } from './xds/collection.js'
import type { Resource } from './xds/resource.js'

/** All addresses of a host name, as the system resolves it; rejects if there are none. */
export type Lookup = (host: string) => Promise<readonly LookupAddress[]>

export interface ClusterPublisherOptions {
  readonly clusters: ResourceCollection
  readonly settings: ClusterSettings
  readonly lookup: Lookup
}

/** Turns routes into clusters and has them delivered. */
export class ClusterPublisher implements RoutePublisher {
  readonly #clusters: ResourceCollection
  readonly #settings: ClusterSettings
  readonly #lookup: Lookup

  constructor(options: ClusterPublisherOptions) {
    this.#clusters = options.clusters
    this.#settings = options.settings
    this.#lookup = options.lookup
  }

  /** What is to be there before any Envoy connects; waits for nobody. */
  load(routes: readonly RoutePublication[]): void {
    for (const route of routes) this.#clusters.set(clusterName(route.key), this.#encode(route))
  }

  async publish(route: RoutePublication): Promise<void> {
    const name = clusterName(route.key)
    if (!needsResolving(route.target)) return this.#clusters.apply(name, this.#encode(route))

    // Envoy doesn't use a cluster before it has resolved its host name; until then requests would fall to the parent
    // route. So the first version has the addresses in it, and the one that keeps resolving takes its place when ready.
    const found = await this.#lookup(route.target.address.host).catch((): readonly LookupAddress[] => [])
    const addresses = found.map(({ address }) => address)
    await this.#clusters.apply(name, this.#encode({ ...route, addresses }))
    if (addresses.length > 0) this.#clusters.set(name, this.#encode(route))
  }

  async withdraw(key: string): Promise<void> {
    await this.#clusters.apply(clusterName(key), undefined)
  }

  #encode(input: RouteClusterInput): Resource {
    return resource(TYPE_URL.cluster, routeCluster(input, this.#settings))
  }
}
