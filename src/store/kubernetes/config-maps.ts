import type { KubernetesClient } from './client.js'
import { ApiError } from './client.js'
import type { ConfigMap } from './objects.js'

/** How many objects one answer has. The API server limits the work of one call; more answers make one list. */
const PAGE = '500'

/** How long one such answer may take: no hub waits for it. */
const PAGE_LIMIT_MS = 10_000

/** How often a write is tried while others write the same object. */
const TRIES = 10

const [NOT_FOUND, CONFLICT] = [404, 409]

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
      const call = { method: 'GET', path: this.path, query, limitMs: PAGE_LIMIT_MS } as const
      const page = (await this.#client.call(call)) as ConfigMapList
      items.push(...page.items)
      const { continue: next, resourceVersion } = page.metadata
      if (!next) return { items, resourceVersion }
      query = { labelSelector, limit: PAGE, continue: next }
    }
  }

  /**
   * Makes or replaces an object, whoever wrote it last: the later call counts. A call that was given up, but is carried
   * out late, can't undo a later one, since the object no longer has the version that it was to replace. Making an object
   * demands nothing but that there is none, which may be so again after it was removed. So what is made says nothing yet.
   *
   * @param version what is believed to be the object's version; undefined if it is believed to be missing
   * @param none what a missing object is made as before it is replaced: it says what a missing one says. By default the
   *   object itself, for one that says so too or is never removed
   * @returns the object as it is now
   */
  async put(object: ConfigMap, version: string | undefined, none = object): Promise<ConfigMap> {
    let replaced = version
    for (let tries = 1; ; tries += 1) {
      try {
        if (replaced !== undefined) return await this.#write(object, replaced)
        const made = await this.#write(none, undefined)
        if (none === object) return made
        return await this.#write(object, made.metadata.resourceVersion)
      } catch (error) {
        const isOther = error instanceof ApiError && [NOT_FOUND, CONFLICT].includes(error.status)
        if (!isOther || tries === TRIES) throw error
      }
      replaced = await this.#versionOf(object.metadata.name)
    }
  }

  async #write(object: ConfigMap, resourceVersion: string | undefined): Promise<ConfigMap> {
    const { metadata, data } = object
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, resourceVersion }, data }
    const exists = resourceVersion !== undefined
    const path = exists ? `${this.path}/${metadata.name}` : this.path
    return (await this.#client.call({ method: exists ? 'PUT' : 'POST', path, body })) as ConfigMap
  }

  async #versionOf(name: string): Promise<string | undefined> {
    const query = { fieldSelector: `metadata.name=${name}` }
    const { items } = (await this.#client.call({ method: 'GET', path: this.path, query })) as ConfigMapList
    return items[0]?.metadata.resourceVersion
  }

  /** Removes an object, unless it has been changed since it had this version. */
  async deleteVersion(name: string, resourceVersion: string): Promise<void> {
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { resourceVersion } }
    try {
      await this.#client.call({ method: 'DELETE', path: `${this.path}/${name}`, body })
    } catch (error) {
      if (!(error instanceof ApiError) || ![NOT_FOUND, CONFLICT].includes(error.status)) throw error
    }
  }

  /** Removes an object, which may be missing. */
  async delete(name: string): Promise<void> {
    try {
      await this.#client.call({ method: 'DELETE', path: `${this.path}/${name}` })
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== NOT_FOUND) throw error
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
