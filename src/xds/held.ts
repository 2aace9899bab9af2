import type { ResourceCollection } from './collection.js'
import type { HeldResource } from './holding.js'
import type { Listing } from './listing.js'
import type { Resource } from './resource.js'

/** Instead of a version: Envoy has some version, or perhaps none. In both cases the collection's state is sent. */
const SOMETHING = ''
const ANYTHING = '?'

export interface HeldOptions {
  readonly listing: Listing
  /** Whether Envoy has just started, and subscribes to everything. {@link HeldVersions.loaded} must follow. */
  readonly isNew: boolean
  /** Whether Envoy has subscribed to a name. It has no others. */
  readonly covers: (name: string) => boolean
}

/**
 * The version that one Envoy has of each resource, according to its list on connecting and its ACKs since. Only
 * differences from the collection are stored, so an Envoy that has everything takes no memory.
 */
export class HeldVersions {
  readonly #collection: ResourceCollection
  /** Whether Envoy has subscribed to a name. It has no others. */
  readonly #covers: (name: string) => boolean
  /** Envoy's versions that differ from the collection's; undefined if Envoy doesn't have the resource. */
  readonly #different = new Map<string, string | undefined>()

  /**
   * During the initial load of a new Envoy: the names that it has acknowledged, in any version. It has no others. So
   * the differences, at first nearly everything, need not be stored.
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

  /** The names of which Envoy's version differs from the collection's, at its start. */
  *different(): Iterable<string> {
    if (this.#acknowledged !== undefined) yield* this.#collection.names()
    yield* this.#different.keys()
  }

  /** Called when a new Envoy has answered for everything that existed when it subscribed. */
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

  /** Whether Envoy has the collection's version of a name without a known difference. */
  #hasSame(name: string): boolean {
    return this.#acknowledged?.has(name) ?? this.#covers(name)
  }

  /** Whether Envoy has, or may have, a resource of that name. */
  mayHave(name: string): boolean {
    return this.#version(name) !== undefined
  }

  /** Whether Envoy certainly has a resource of that name, in any version. */
  hasSome(name: string): boolean {
    const version = this.#version(name)
    return version !== undefined && version !== ANYTHING
  }

  has({ name, version }: Resource): boolean {
    return this.#version(name) === version
  }

  /** What Envoy has of a name. */
  holding(name: string): HeldResource {
    const resource = this.#collection.get(name)
    const version = this.#version(name)
    return {
      hasCurrent: version === resource?.version,
      hasSome: this.hasSome(name),
      version: version === SOMETHING || version === ANYTHING ? undefined : version,
    }
  }

  /** Called when Envoy has acknowledged a resource; undefined for a removal. */
  set(name: string, resource: Resource | undefined): void {
    this.#acknowledged?.add(name)
    this.#set(name, resource?.version)
  }

  /** Called when the collection's resource has changed. Envoy still has its version. */
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

  /** Regards a name as one that Envoy doesn't have. */
  forget(name: string): void {
    this.#acknowledged?.delete(name)
    this.#set(name, undefined)
  }
}
