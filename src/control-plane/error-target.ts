import type { AddressBook } from '../names/address-book.js'
import type { TargetSettings } from '../resources/clusters/cluster.js'
import { hostNameOf } from '../resources/clusters/cluster.js'
import { encodeResource } from '../resources/encode.js'
import { errorTargetCluster } from '../resources/error-pages/error-target.js'
import { ERROR_TARGET, TYPE_URL } from '../resources/names.js'
import type { Target } from '../routing/target.js'
import type { ResourceCollection } from '../xds/collection.js'

export interface ErrorTargetOptions {
  readonly clusters: ResourceCollection
  readonly addresses: Pick<AddressBook, 'known' | 'failing'>
  readonly settings: TargetSettings
}

/** Publishes the cluster that error pages are fetched from, with the current addresses of its host. */
export class ErrorTargetPublisher {
  readonly #target: Target | undefined
  readonly #options: ErrorTargetOptions

  /** @param target undefined without an error target: then this does nothing */
  constructor(target: Target | undefined, options: ErrorTargetOptions) {
    this.#target = target
    this.#options = options
  }

  publish(): void {
    if (this.#target === undefined) return
    const { clusters, addresses, settings } = this.#options
    const host = hostNameOf(this.#target)
    const known = host === undefined ? undefined : addresses.known(host)
    clusters.set(ERROR_TARGET, encodeResource(TYPE_URL.cluster, errorTargetCluster(this.#target, settings, known)))
  }

  /** Called when the addresses of a host name have changed. */
  addressesChanged(host: string): void {
    if (host === this.#host) this.publish()
  }

  /** Called when requests have failed, for which Envoy fetched an error page. Whether that worked isn't reported. */
  maybeFailing(): void {
    if (this.#host !== undefined) this.#options.addresses.failing(this.#host)
  }

  get #host(): string | undefined {
    return this.#target && hostNameOf(this.#target)
  }
}
