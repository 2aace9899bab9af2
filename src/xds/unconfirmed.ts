/**
 * Per node id: the resources that an Envoy may have although it doesn't list them when it reconnects. They were part of
 * a response that it has rejected, and it has not acknowledged them since.
 */
export class Unconfirmed {
  readonly #byNode = new Map<string, Set<string>>()
  readonly #everywhere = new Set<string>()

  /** The names of one Envoy. Its subscription adds to them and removes those that the Envoy acknowledges. */
  of(node: string): Set<string> {
    const names = this.#byNode.get(node) ?? new Set(this.#everywhere)
    this.#byNode.set(node, names)
    return names
  }

  /** Adds a name for every Envoy, including those that connect later. */
  add(name: string): void {
    this.#everywhere.add(name)
    for (const names of this.#byNode.values()) names.add(name)
  }

  /**
   * Called when an Envoy has disconnected. If it has confirmed everything, it is forgotten: its node id may never
   * return.
   */
  leave(node: string): void {
    if (this.#byNode.get(node)?.size === 0) this.#byNode.delete(node)
  }
}
