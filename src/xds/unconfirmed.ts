/**
 * Per node id: the resources that an Envoy may hold although it does not list them when it reconnects, since they were in
 * a response that it has rejected with others in it, and it has acknowledged none of them since.
 */
export class Unconfirmed {
  readonly #byNode = new Map<string, Set<string>>()
  readonly #everywhere = new Set<string>()

  /** The names of one Envoy. Its subscription adds to them and takes away what the Envoy acknowledges. */
  of(node: string): Set<string> {
    const names = this.#byNode.get(node) ?? new Set(this.#everywhere)
    this.#byNode.set(node, names)
    return names
  }

  /** Any Envoy may hold it, those that connect later included. */
  add(name: string): void {
    this.#everywhere.add(name)
    for (const names of this.#byNode.values()) names.add(name)
  }

  /** An Envoy has gone. If it has confirmed everything, nothing is kept of it: node ids need not come again. */
  leave(node: string): void {
    if (this.#byNode.get(node)?.size === 0) this.#byNode.delete(node)
  }
}
