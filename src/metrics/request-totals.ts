/** Current values of Envoy's counters, by name. A missing one is zero. */
export type Counters = ReadonlyMap<string, number>

/**
 * Totals of an Envoy's counters across its restarts, each of which resets them. What an Envoy counted after the last
 * reading is lost when it ends.
 */
export class RequestTotals {
  readonly #read: () => Promise<Counters>
  /** Counts of earlier Envoys. */
  readonly #before = new Map<string, number>()
  #last: Counters = new Map()
  #reading: Promise<void> | undefined

  /** @param read asks the current Envoy; rejects if there is none */
  constructor(read: () => Promise<Counters>) {
    this.#read = read
  }

  /**
   * The totals now, or the last known ones if Envoy can't be asked. Callers at the same time share one reading: if an
   * older one arrived after a newer one, that would look like a restart.
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
    // While Envoy restarts, a scrape gets the last known totals.
    if (current === undefined) return
    const restarted = [...this.#last].some(([name, count]) => (current.get(name) ?? 0) < count)
    if (restarted) {
      for (const [name, count] of this.#last) this.#before.set(name, (this.#before.get(name) ?? 0) + count)
    }
    this.#last = current
  }
}
