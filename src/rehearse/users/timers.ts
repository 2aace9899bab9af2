/** Timers that end together. */
export class Timers {
  readonly #running = new Set<NodeJS.Timeout>()

  after(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#running.delete(timer)
      work()
    }, ms)
    this.#running.add(timer)
  }

  /** None of them does its work any more. */
  clear(): void {
    for (const timer of this.#running) clearTimeout(timer)
    this.#running.clear()
  }
}
