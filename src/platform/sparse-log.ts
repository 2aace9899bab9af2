const INTERVAL_MS = 1_000

/** For lines that clients can cause as often as they like: writes at most one a second. */
export class SparseLog {
  readonly #write: (line: string) => void
  #timer: NodeJS.Timeout | undefined
  #last = ''
  #held = 0

  constructor(write: (line: string) => void) {
    this.#write = write
  }

  /** Writes the line within a second. Of several in that time it writes the last, and how many others there were. */
  add(line: string): void {
    if (this.#timer === undefined) {
      this.#write(line)
      this.#wait()
      return
    }
    this.#last = line
    this.#held += 1
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (this.#held === 0) return
      this.#write(this.#held === 1 ? this.#last : `${this.#last} (and ${this.#held - 1} more like it)`)
      this.#held = 0
      this.#wait()
    }, INTERVAL_MS).unref()
  }
}
