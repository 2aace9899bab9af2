import type { KubernetesClient } from './client.js'
import { ApiError } from './client.js'
import type { ConfigMap } from './objects.js'

/** How many objects one answer has. The API server limits the work of one call; more answers make one list. */
const PAGE = '500'

/** A list of ConfigMaps as of one moment. */
export interface Listed {
  readonly items: readonly ConfigMap[]
  readonly resourceVersion: string
}

/** The ConfigMaps of one namespace. */
export class ConfigMaps {
  readonly #client: KubernetesClient
  readonly path: string

  constructor(client: KubernetesClient, namespace: string) {
    this.#client = client
    this.path = `/api/v1/namespaces/${namespace}/configmaps`
  }

  /** All that a label selector selects, as of one moment. */
  async list(labelSelector: string): Promise<Listed> {
    const items: ConfigMap[] = []
    let query: Record<string, string> = { labelSelector, limit: PAGE }
    while (true) {
      const page = (await this.#client.call({ method: 'GET', path: this.path, query })) as ConfigMapList
      items.push(...page.items)
      const { continue: next, resourceVersion } = page.metadata
      if (!next) return { items, resourceVersion }
      query = { labelSelector, limit: PAGE, continue: next }
    }
  }

  /**
   * Makes or replaces an object, whoever wrote it last: the later call counts.
   *
   * @param exists what is believed; the other is tried if that is wrong
   * @returns the object as it is now
   */
  async put(object: ConfigMap, exists: boolean): Promise<ConfigMap> {
    try {
      return await this.#write(object, exists)
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== (exists ? 404 : 409)) throw error
      return this.#write(object, !exists)
    }
  }

  async #write(object: ConfigMap, exists: boolean): Promise<ConfigMap> {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', ...object }
    const path = exists ? `${this.path}/${object.metadata.name}` : this.path
    return (await this.#client.call({ method: exists ? 'PUT' : 'POST', path, body })) as ConfigMap
  }

  /** Removes an object, which may be missing. */
  async delete(name: string): Promise<void> {
    try {
      await this.#client.call({ method: 'DELETE', path: `${this.path}/${name}` })
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error
    }
  }
}

interface ConfigMapList {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string }
  readonly items: readonly ConfigMap[]
}

/** An event of a watch. */
export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: ConfigMap }
  | { readonly type: 'ERROR'; readonly object: { readonly code: number; readonly message: string } }
