import type { Resource } from '../xds/resource.js'

/** How many that Envoys have taken are remembered: the latest may be refused by another Envoy than the one that took it. */
const TAKEN = 2

/**
 * The versions of one secret that there may be a way back to. Answers of Envoys come late and in any order, so each counts
 * for the version that it is about, whatever is wanted by then.
 */
export class SecretVersions {
  /** Taken by an Envoy and refused by none, the latest last. */
  #taken: readonly Resource[] = []
  /** What no Envoy has answered yet, the latest last: what is wanted, and what that has replaced. */
  #untried: readonly Resource[] = []

  /** This one is wanted now. */
  add(resource: Resource): void {
    this.#untried = [...without(this.#untried, resource.version), resource].slice(-2)
  }

  acknowledged({ version }: Resource): void {
    const known = [...this.#untried, ...this.#taken].find((resource) => resource.version === version)
    if (known === undefined) return
    this.#untried = without(this.#untried, version)
    this.#taken = [...without(this.#taken, version), known].slice(-TAKEN)
  }

  /** An Envoy can't use it. Returns what to go back to if it is wanted: undefined if there is nothing. */
  refused(version: string): Resource | undefined {
    this.#untried = without(this.#untried, version)
    this.#taken = without(this.#taken, version)
    return this.#taken.at(-1) ?? this.#untried.at(-1)
  }
}

function without(resources: readonly Resource[], version: string): readonly Resource[] {
  return resources.filter((resource) => resource.version !== version)
}
