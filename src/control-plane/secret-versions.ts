import type { Resource } from '../xds/resource.js'

/** How many acknowledged versions are remembered: one Envoy may reject the latest, which another has acknowledged. */
const ACKNOWLEDGED = 2

/**
 * The versions of one secret that a rollback may return to. Envoys' answers come late and in any order, so each counts
 * for the version that it is about, even if another has replaced that one since.
 */
export class SecretVersions {
  /** Acknowledged by an Envoy and rejected by none, the latest last. */
  #acknowledged: readonly Resource[] = []
  /** Not answered by any Envoy yet, the latest last: the current version and the one before. */
  #unanswered: readonly Resource[] = []

  /** Makes this the current version. */
  add(resource: Resource): void {
    this.#unanswered = [...without(this.#unanswered, resource.version), resource].slice(-2)
  }

  acknowledged({ version }: Resource): void {
    const known = [...this.#unanswered, ...this.#acknowledged].find((resource) => resource.version === version)
    if (known === undefined) return
    this.#unanswered = without(this.#unanswered, version)
    this.#acknowledged = [...without(this.#acknowledged, version), known].slice(-ACKNOWLEDGED)
  }

  /** Forgets a version that an Envoy rejected. Returns the version to roll back to; undefined if there is none. */
  rejected(version: string): Resource | undefined {
    this.#unanswered = without(this.#unanswered, version)
    this.#acknowledged = without(this.#acknowledged, version)
    return this.#acknowledged.at(-1) ?? this.#unanswered.at(-1)
  }
}

function without(resources: readonly Resource[], version: string): readonly Resource[] {
  return resources.filter((resource) => resource.version !== version)
}
