/** The stand of Envoy's counters, by name. One that isn't there is zero. */
export type Counters = ReadonlyMap<string, number>

/**
 * What an Envoy has counted in all, through its restarts, each of which begins with zero again. What an Envoy counted
 * after the last reading is lost with it.
 */
export class RequestTotals {
  readonly #read: () => Promise<Counters>
  /** Of the Envoys before this one. */
  readonly #before = new Map<string, number>()
  #last: Counters = new Map()
  #reading: Promise<void> | undefined

  /** @param read asks the Envoy of the moment; rejects if there is none */
  constructor(read: () => Promise<Counters>) {
    this.#read = read
  }

  /**
   * The totals now, or as they were last known if Envoy can't be asked. Those who ask at the same time get the same
   * reading: an older one that came in after a newer one would look like a restart.
   */
  async now(): Promise<Counters> {
    this.#reading ??= this.#update().finally(() => {
      this.#reading = undefined
    })
    await this.#reading
    const names = new Set([...this.#before.keys(), ...this.#last.keys()])
    return new Map([...names].map((name) => [name, (this.#before.get(name) ?? 0) + (this.#last.get(name) ?? 0)]))
  }

  async #update(): Promise<void> {
    const current = await this.#read().catch(() => undefined)
    // While Envoy is being restarted, whoever scrapes gets what is known.
    if (current === undefined) return
    const restarted = [...this.#last].some(([name, count]) => (current.get(name) ?? 0) < count)
    if (restarted) {
      for (const [name, count] of this.#last) this.#before.set(name, (this.#before.get(name) ?? 0) + count)
    }
    this.#last = current
  }
}
