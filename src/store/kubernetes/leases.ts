import type { KubernetesClient } from './client.js'
import { ApiError } from './client.js'
import { labelsOf, selectorOf } from './objects.js'

/** The part of a Lease that is used here. */
export interface Lease {
  readonly metadata: {
    readonly name: string
    readonly uid?: string
    readonly resourceVersion?: string
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec?: {
    readonly holderIdentity?: string
    readonly leaseDurationSeconds?: number
    readonly renewTime?: string
  }
}

/** A condition that an object must meet. */
export type Precondition = Pick<Lease['metadata'], 'uid' | 'resourceVersion'>

const [NOT_FOUND, CONFLICT] = [404, 409]

/** The Leases of one store, in one namespace. */
export class Leases {
  readonly #client: KubernetesClient
  readonly #path: string
  readonly #store: string

  constructor(client: KubernetesClient, namespace: string, store: string) {
    this.#client = client
    this.#path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
    this.#store = store
  }

  /** All of them, as of the moment of the call or later. */
  async list(): Promise<readonly Lease[]> {
    const query = { labelSelector: selectorOf(this.#store, 'member') }
    const { items } = (await this.#client.call({ method: 'GET', path: this.#path, query })) as { items: Lease[] }
    return items
  }

  /** @returns undefined if there is one of that name */
  create(lease: Lease): Promise<Lease | undefined> {
    return this.#unlessRefused(() => this.#client.call({ method: 'POST', path: this.#path, body: this.#bodyOf(lease) }))
  }

  /** @returns undefined if it has been changed since, or is another or gone */
  replace(lease: Lease): Promise<Lease | undefined> {
    const path = `${this.#path}/${lease.metadata.name}`
    return this.#unlessRefused(() => this.#client.call({ method: 'PUT', path, body: this.#bodyOf(lease) }))
  }

  /** @returns whether it is gone: false if it doesn't meet the condition */
  async delete(name: string, preconditions: Precondition): Promise<boolean> {
    try {
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions }
      await this.#client.call({ method: 'DELETE', path: `${this.#path}/${name}`, body })
      return true
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.status === NOT_FOUND) return true
      if (error.status === CONFLICT) return false
      throw error
    }
  }

  #bodyOf({ metadata, spec }: Lease): object {
    const { name, uid, resourceVersion, annotations } = metadata
    const labels = labelsOf(this.#store, 'member')
    const written = { name, uid, resourceVersion, annotations, labels }
    return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: written, spec }
  }

  async #unlessRefused(call: () => Promise<unknown>): Promise<Lease | undefined> {
    try {
      return (await call()) as Lease
    } catch (error) {
      if (error instanceof ApiError && [NOT_FOUND, CONFLICT].includes(error.status)) return undefined
      throw error
    }
  }
}
