import type { Difference } from './digest.js'
import { Digest } from './digest.js'
import type { Listing } from './listing.js'
import type { Resource } from './resource.js'

/** Is notified of every change of a collection. */
export interface Subscriber {
  /** Called when the resource of this name was added, replaced or removed. */
  changed(name: string, before: Resource | undefined): void
  /** Called once after one or more changes: sends what is due. */
  flush(): void
}

/**
 * The resources of one type, by name: what every Envoy should have. It notifies its subscribers of changes, and knows
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

  /** The differences between an Envoy's list and the collection. */
  *differences(listing: Listing): Iterable<Difference> {
    if (listing.isEmpty) for (const name of this.names()) yield [name, undefined]
    else yield* this.#digest.differences(listing, (name) => this.get(name))
  }

  /** Adds, replaces or removes a resource and notifies every subscriber, without waiting for any Envoy. */
  set(name: string, resource: Resource | undefined): void {
    const before = this.#resources.get(name)
    if (before !== undefined) this.#digest.delete(before)
    if (resource === undefined) this.#resources.delete(name)
    else {
      this.#digest.add(resource)
      // The resource's own string, which is kept anyway.
      this.#resources.set(resource.name, resource)
    }
    for (const subscriber of this.#subscribers) subscriber.changed(name, before)
    this.flushSoon()
  }

  /**
   * Flushes every subscriber at the end of this turn of the event loop, so that changes made together are sent
   * together.
   */
  flushSoon(): void {
    this.#flushing ??= setImmediate(() => {
      this.#flushing = undefined
      for (const subscriber of this.#subscribers) subscriber.flush()
    })
  }

  /** @returns a function that ends the subscription */
  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber)
    return () => this.#subscribers.delete(subscriber)
  }
}
