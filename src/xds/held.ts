import type { ResourceCollection } from './collection.js'
import type { Listing } from './listing.js'
import type { Resource } from './resource.js'

/** In the place of a version: Envoy has something, or perhaps nothing at all. Whatever the collection has, it is sent. */
const SOMETHING = ''
const ANYTHING = '?'

/**
 * The version that one Envoy has of each resource, by what it listed on connecting and has acknowledged since. Only what
 * differs from the collection is kept, so an Envoy that has everything takes no memory.
 */
export class HeldVersions {
  readonly #collection: ResourceCollection
  /** Whether Envoy has subscribed to a name. Of others it has nothing. */
  readonly #covers: (name: string) => boolean
  /** What Envoy has where it is not what the collection has; undefined for nothing. */
  readonly #different = new Map<string, string | undefined>()

  constructor(collection: ResourceCollection, listing: Listing, covers: (name: string) => boolean) {
    this.#collection = collection
    this.#covers = covers
    for (const [name, version] of collection.differences(listing)) {
      if (covers(name)) this.#different.set(name, version)
    }
  }

  /** The names of which Envoy has something else than the collection. */
  different(): Iterable<string> {
    return this.#different.keys()
  }

  #version(name: string): string | undefined {
    if (this.#different.has(name)) return this.#different.get(name)
    return this.#covers(name) ? this.#collection.get(name)?.version : undefined
  }

  /** Whether Envoy has, or may have, a resource of that name. */
  mayHave(name: string): boolean {
    return this.#version(name) !== undefined
  }

  /** Whether Envoy certainly has a resource of that name, in whatever version. */
  hasSome(name: string): boolean {
    const version = this.#version(name)
    return version !== undefined && version !== ANYTHING
  }

  has({ name, version }: Resource): boolean {
    return this.#version(name) === version
  }

  /** Envoy has acknowledged it; undefined for a removal. */
  set(name: string, resource: Resource | undefined): void {
    this.#set(name, resource?.version)
  }

  /** The collection has another resource now. Envoy has what it had. */
  changed(name: string, before: Resource | undefined): void {
    this.#set(name, this.#different.has(name) ? this.#different.get(name) : before?.version)
  }

  #set(name: string, version: string | undefined): void {
    if (!this.#covers(name) || version === this.#collection.get(name)?.version) this.#different.delete(name)
    else this.#different.set(name, version)
  }

  /** Envoy may have any version, or none if it is not known to have had one. */
  distrust(name: string): void {
    this.#different.set(name, this.hasSome(name) ? SOMETHING : ANYTHING)
  }

  /** Envoy counts as having nothing. */
  forget(name: string): void {
    this.#set(name, undefined)
  }
}
