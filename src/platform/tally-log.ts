/** How long events are added up before the next line. */
const INTERVAL_MS = 10_000

/** Logs an event that can happen often: the first at once, later ones in sums, at most one line every ten seconds. */
export class TallyLog {
  readonly #write: (count: number) => void
  #count = 0
  #timer: NodeJS.Timeout | undefined

  /** @param write writes a line; called with the number of events since the last one */
  constructor(write: (count: number) => void) {
    this.#write = write
  }

  /** Counts `count` more events. */
  add(count: number): void {
    this.#count += count
    if (this.#timer === undefined) this.#report()
  }

  #report(): void {
    this.#timer = undefined
    if (this.#count === 0) return
    this.#write(this.#count)
    this.#count = 0
    this.#timer = setTimeout(() => this.#report(), INTERVAL_MS).unref()
  }
}
