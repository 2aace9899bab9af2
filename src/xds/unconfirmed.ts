/** Called with all names that an Envoy may have without listing them, some time after they have changed. */
export type OnDoubts = (node: string, names: readonly string[]) => void

/** The names of one Envoy. Changes are told once for all that happen at a time. */
class NamesOfEnvoy extends Set<string> {
  readonly #onChange: (names: readonly string[]) => void
  #isDue = false

  constructor(names: Iterable<string>, onChange: (names: readonly string[]) => void) {
    super()
    this.#onChange = onChange
    for (const name of names) super.add(name)
  }

  override add(name: string): this {
    if (!this.has(name)) this.#changed()
    return super.add(name)
  }

  override delete(name: string): boolean {
    if (this.has(name)) this.#changed()
    return super.delete(name)
  }

  #changed(): void {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      this.#onChange([...this])
    })
  }
}

/**
 * Per node id: the resources that an Envoy may have although it doesn't list them when it reconnects. They were part of
 * a response that it has rejected, and it has not acknowledged them since.
 */
export class Unconfirmed {
  readonly #byNode = new Map<string, NamesOfEnvoy>()
  readonly #everywhere = new Set<string>()
  /** Told when the names of an Envoy that is or was connected here have changed. */
  onDoubts: OnDoubts = () => {}

  /** The names of one Envoy. Its subscription adds to them and removes those that the Envoy acknowledges. */
  of(node: string): Set<string> {
    return this.#byNode.get(node) ?? this.#set(node, this.#everywhere)
  }

  #set(node: string, names: Iterable<string>): Set<string> {
    const all = new NamesOfEnvoy(names, (changed) => this.onDoubts(node, changed))
    this.#byNode.set(node, all)
    return all
  }

  /** The Envoys for which there are names, with these. */
  *all(): Iterable<readonly [node: string, names: readonly string[]]> {
    for (const [node, names] of this.#byNode) if (names.size > 0) yield [node, [...names]]
  }

  /** Adds a name for every Envoy, including those that connect later. */
  add(name: string): void {
    this.#everywhere.add(name)
    for (const names of this.#byNode.values()) names.add(name)
  }

  /** Another control plane tells which names there are for an Envoy that isn't connected here. Nobody is told again. */
  learn(node: string, names: readonly string[]): void {
    if (names.length === 0) this.#byNode.delete(node)
    else this.#set(node, [...this.#everywhere, ...names])
  }

  /**
   * Called when an Envoy has disconnected. If it has confirmed everything, it is forgotten: its node id may never
   * return.
   */
  leave(node: string): void {
    if (this.#byNode.get(node)?.size === 0) this.#byNode.delete(node)
  }
}
