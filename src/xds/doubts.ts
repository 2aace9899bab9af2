/** Which names each Envoy may use without naming them when it reconnects, by what it calls itself. */
export class Doubts {
  readonly #byNode = new Map<string, Set<string>>()
  readonly #everywhere = new Set<string>()

  of(node: string): Set<string> {
    const names = this.#byNode.get(node) ?? new Set(this.#everywhere)
    this.#byNode.set(node, names)
    return names
  }

  /** Any Envoy may use it, those that connect later included. */
  add(name: string): void {
    this.#everywhere.add(name)
    for (const names of this.#byNode.values()) names.add(name)
  }

  /** An Envoy has gone. Nothing is kept of one that leaves no doubt: names need not come again. */
  leave(node: string): void {
    if (this.#byNode.get(node)?.size === 0) this.#byNode.delete(node)
  }
}
