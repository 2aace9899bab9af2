import type { Resource } from '../../xds/resource.js'
import { commonFields, encodeOneOfMany } from '../encode.js'
import { TYPE_URL } from '../names.js'
import type { ClusterSettings, RouteClusterInput } from './cluster.js'
import { routeClusterCommon, routeClusterOwn } from './cluster.js'

/**
 * Encodes the clusters of routes. What they have in common, more than half of each, is encoded once and kept once: that
 * is most of the time that a route takes here, and much of its memory.
 */
export class RouteClusterEncoder {
  readonly #settings: ClusterSettings
  /** By whether the target is a unix socket. */
  readonly #common = new Map<boolean, Buffer>()

  constructor(settings: ClusterSettings) {
    this.#settings = settings
  }

  /** The resource of the cluster that `routeCluster` makes. */
  encode(input: RouteClusterInput): Resource {
    const own = routeClusterOwn(input, this.#settings)
    return encodeOneOfMany(TYPE_URL.cluster, own, this.#commonOf(input))
  }

  #commonOf({ target }: RouteClusterInput): Buffer {
    const isSocket = 'socketPath' in target.address
    const common =
      this.#common.get(isSocket) ?? commonFields(TYPE_URL.cluster, routeClusterCommon(target, this.#settings))
    this.#common.set(isSocket, common)
    return common
  }
}
