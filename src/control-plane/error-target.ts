import type { AddressBook } from '../names/address-book.js'
import type { TargetSettings } from '../resources/clusters/cluster.js'
import { hostNameOf } from '../resources/clusters/cluster.js'
import { resource } from '../resources/encode.js'
import { errorTargetCluster } from '../resources/error-pages/error-target.js'
import { ERROR_TARGET, TYPE_URL } from '../resources/names.js'
import type { Target } from '../routing/target.js'
import type { ResourceCollection } from '../xds/collection.js'

export interface ErrorTargetOptions {
  readonly clusters: ResourceCollection
  readonly addresses: Pick<AddressBook, 'known' | 'failing'>
  readonly settings: TargetSettings
}

/** Gives Envoys the cluster that error pages are fetched from, with the addresses that its host has. */
export class ErrorTargetPublisher {
  readonly #target: Target | undefined
  readonly #options: ErrorTargetOptions

  /** @param target undefined if there is no error target: then this does nothing */
  constructor(target: Target | undefined, options: ErrorTargetOptions) {
    this.#target = target
    this.#options = options
  }

  publish(): void {
    if (this.#target === undefined) return
    const { clusters, addresses, settings } = this.#options
    const host = hostNameOf(this.#target)
    const known = host === undefined ? undefined : addresses.known(host)
    clusters.set(ERROR_TARGET, resource(TYPE_URL.cluster, errorTargetCluster(this.#target, settings, known)))
  }

  /** A name has got other addresses. */
  addressesChanged(host: string): void {
    if (host === this.#host) this.publish()
  }

  /** Requests have failed, so that a page was asked for, and nobody tells whether there was one. */
  maybeFailing(): void {
    if (this.#host !== undefined) this.#options.addresses.failing(this.#host)
  }

  get #host(): string | undefined {
    return this.#target && hostNameOf(this.#target)
  }
}
