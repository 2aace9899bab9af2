/** How often a trouble that lasts is mentioned again, in milliseconds. */
const REMIND_MS = 5 * 60_000

/** How many reasons of one trouble are logged. */
const REASONS = 10

/** Which lines about a trouble that lasts a log gets: one for each new reason, and a reminder now and then. */
export class LoggedReasons {
  readonly #known = new Set<string>()
  #loggedAt = Number.NEGATIVE_INFINITY

  /**
   * Whether this reason is to be logged now. If so, it counts as logged.
   *
   * @param now on a clock that never goes back, in milliseconds
   */
  isDue(reason: string, now: number): boolean {
    const isNews = this.#known.size < REASONS && !this.#known.has(reason)
    if (!isNews && now - this.#loggedAt < REMIND_MS) return false
    this.#known.add(reason)
    this.#loggedAt = now
    return true
  }

  /** The trouble is over. */
  clear(): void {
    this.#known.clear()
    this.#loggedAt = Number.NEGATIVE_INFINITY
  }
}
