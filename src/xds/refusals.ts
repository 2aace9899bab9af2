import type { ResourceCollection } from './collection.js'
import type { Resource } from './resource.js'

/** The resources of the collection that one Envoy has rejected. They aren't sent again before they change. */
export class Refusals {
  readonly #collection: ResourceCollection
  /** Envoy's last rejection of each name. */
  readonly #byName = new Map<string, { readonly version: string; readonly reason: string }>()

  constructor(collection: ResourceCollection) {
    this.#collection = collection
  }

  add({ name, version }: Resource, reason: string): void {
    this.#byName.set(name, { version, reason })
  }

  delete(name: string): void {
    this.#byName.delete(name)
  }

  /** The reason for one name; undefined if the collection's version is not rejected. */
  of(name: string): string | undefined {
    const refused = this.#byName.get(name)
    return this.#collection.get(name)?.version === refused?.version ? refused?.reason : undefined
  }

  /** All names and reasons. */
  *[Symbol.iterator](): Iterator<readonly [name: string, reason: string]> {
    for (const name of this.#byName.keys()) {
      const reason = this.of(name)
      if (reason !== undefined) yield [name, reason]
    }
  }
}
