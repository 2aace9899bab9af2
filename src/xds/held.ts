import type { ResourceCollection } from './collection.js'
import type { Listing } from './listing.js'
import type { Resource } from './resource.js'

/** In the place of a version: Envoy has something, or perhaps nothing at all. Whatever the collection has, it is sent. */
const SOMETHING = ''
const ANYTHING = '?'

export interface HeldOptions {
  readonly listing: Listing
  /** Whether Envoy has just started, and subscribes to all that there is. {@link HeldVersions.loaded} must follow. */
  readonly isNew: boolean
  /** Whether Envoy has subscribed to a name. Of others it has nothing. */
  readonly covers: (name: string) => boolean
}

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

  /**
   * While an Envoy that has just started loads: what it has acknowledged, whatever the version. Of all else it has nothing.
   * So what differs, which is nearly everything at first, isn't kept.
   */
  #acknowledged: Set<string> | undefined

  constructor(collection: ResourceCollection, { listing, isNew, covers }: HeldOptions) {
    this.#collection = collection
    this.#covers = covers
    if (isNew) this.#acknowledged = new Set()
    else
      for (const [name, version] of collection.differences(listing)) {
        if (covers(name)) this.#different.set(name, version)
      }
  }

  /** The names of which Envoy has something else than the collection, at its start. */
  *different(): Iterable<string> {
    if (this.#acknowledged !== undefined) yield* this.#collection.names()
    yield* this.#different.keys()
  }

  /** An Envoy that has just started has answered for everything that there was. */
  loaded(): void {
    const acknowledged = this.#acknowledged
    this.#acknowledged = undefined
    if (acknowledged === undefined) return
    for (const name of this.#collection.names()) {
      if (!acknowledged.has(name) && !this.#different.has(name)) this.#different.set(name, undefined)
    }
  }

  #version(name: string): string | undefined {
    if (this.#different.has(name)) return this.#different.get(name)
    return this.#hasSame(name) ? this.#collection.get(name)?.version : undefined
  }

  /** Whether Envoy has what the collection has, where no difference is known. */
  #hasSame(name: string): boolean {
    return this.#acknowledged?.has(name) ?? this.#covers(name)
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
    this.#acknowledged?.add(name)
    this.#set(name, resource?.version)
  }

  /** The collection has another resource now. Envoy has what it had. */
  changed(name: string, before: Resource | undefined): void {
    const version = this.#hasSame(name) ? before?.version : undefined
    this.#set(name, this.#different.has(name) ? this.#different.get(name) : version)
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
    this.#acknowledged?.delete(name)
    this.#set(name, undefined)
  }
}
