import type { Clock } from '../platform/clock.js'

/** Envoys that may be on their way back, still serving what they had, by what they call themselves. */
export class Absences {
  readonly #clock: Clock
  readonly #until = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(node: string, ms: number): void {
    this.#until.set(node, this.#clock.now() + ms)
  }

  /** It is back. */
  end(node: string): void {
    this.#until.delete(node)
  }

  /** When the last of them is given up, by the clock; in the past if there is none. */
  get until(): number {
    const now = this.#clock.now()
    for (const [node, until] of this.#until) if (until <= now) this.#until.delete(node)
    return Math.max(0, ...this.#until.values())
  }
}
