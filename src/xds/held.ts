import type { Resource } from './resource.js'

/** In the place of a version: Envoy has something, or perhaps nothing at all. Whatever the collection has, it is sent. */
const SOMETHING = ''
const ANYTHING = '?'

/** The version that one Envoy has of each resource, by what it listed on connecting and has acknowledged since. */
export class HeldVersions {
  readonly #versions: Map<string, string>

  /** @param listed versions by name */
  constructor(listed: Readonly<Record<string, string>>) {
    this.#versions = new Map(Object.entries(listed))
  }

  get isEmpty(): boolean {
    return this.#versions.size === 0
  }

  names(): Iterable<string> {
    return this.#versions.keys()
  }

  /** Whether Envoy has, or may have, a resource of that name. */
  mayHave(name: string): boolean {
    return this.#versions.has(name)
  }

  /** Whether Envoy certainly has a resource of that name, in whatever version. */
  hasSome(name: string): boolean {
    const version = this.#versions.get(name)
    return version !== undefined && version !== ANYTHING
  }

  has({ name, version }: Resource): boolean {
    return this.#versions.get(name) === version
  }

  /** Envoy has acknowledged it; undefined for a removal. */
  set(name: string, resource: Resource | undefined): void {
    if (resource === undefined) this.#versions.delete(name)
    else this.#versions.set(name, resource.version)
  }

  /** Envoy may have any version, or none if it is not known to have had one. */
  distrust(name: string): void {
    this.#versions.set(name, this.hasSome(name) ? SOMETHING : ANYTHING)
  }

  delete(name: string): void {
    this.#versions.delete(name)
  }
}
