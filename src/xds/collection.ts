import type { Difference } from './digest.js'
import { Digest } from './digest.js'
import type { Listing } from './listing.js'
import type { Resource } from './resource.js'

/** Is told of every change of a collection. */
export interface Subscriber {
  /** The resource of this name was added, replaced or removed. */
  changed(name: string, before: Resource | undefined): void
  /** Once after one or more changes: sends what is due. */
  flush(): void
}

/**
 * The resources of one type, by name: what every Envoy should have. It tells its subscribers what has changed, and knows
 * neither what an Envoy has nor who waits for it.
 */
export class ResourceCollection {
  readonly typeUrl: string
  readonly #resources = new Map<string, Resource>()
  readonly #digest = new Digest()
  readonly #subscribers = new Set<Subscriber>()
  #flushing: NodeJS.Immediate | undefined

  constructor(typeUrl: string) {
    this.typeUrl = typeUrl
  }

  get(name: string): Resource | undefined {
    return this.#resources.get(name)
  }

  names(): IterableIterator<string> {
    return this.#resources.keys()
  }

  /** The names of which an Envoy has something else than the collection, and what by its listing. */
  *differences(listing: Listing): Iterable<Difference> {
    if (listing.isEmpty) for (const name of this.names()) yield [name, undefined]
    else yield* this.#digest.differences(listing, (name) => this.get(name))
  }

  /** Adds, replaces or removes a resource and lets every subscriber know, without waiting for any Envoy. */
  set(name: string, resource: Resource | undefined): void {
    const before = this.#resources.get(name)
    if (before !== undefined) this.#digest.delete(before)
    if (resource === undefined) this.#resources.delete(name)
    else {
      this.#digest.add(resource)
      this.#resources.set(name, resource)
    }
    for (const subscriber of this.#subscribers) subscriber.changed(name, before)
    this.flushSoon()
  }

  /** Flushes every subscriber at the end of this turn of the event loop, so that changes made together leave together. */
  flushSoon(): void {
    this.#flushing ??= setImmediate(() => {
      this.#flushing = undefined
      for (const subscriber of this.#subscribers) subscriber.flush()
    })
  }

  /** @returns what ends it */
  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber)
    return () => this.#subscribers.delete(subscriber)
  }
}
