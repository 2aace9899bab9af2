/** Envoys that may be on their way back, still serving what they had, by what they call themselves. */
export class Absences {
  readonly #until = new Map<string, number>()

  add(node: string, ms: number): void {
    this.#until.set(node, performance.now() + ms)
  }

  /** It is back. */
  end(node: string): void {
    this.#until.delete(node)
  }

  /** When the last of them is given up, on the clock of `performance.now()`; in the past if there is none. */
  get until(): number {
    for (const [node, until] of this.#until) if (until <= performance.now()) this.#until.delete(node)
    return Math.max(0, ...this.#until.values())
  }
}
