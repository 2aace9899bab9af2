/** How long lines like the last one are held back, in milliseconds. */
const INTERVAL_MS = 10_000

/** Passes lines on; of equal lines in a row only the first, and every ten seconds how many more there were. */
export class RepeatedLines {
  readonly #pass: (line: string) => void
  #last: string | undefined
  #more = 0
  #timer: NodeJS.Timeout | undefined

  constructor(pass: (line: string) => void) {
    this.#pass = pass
  }

  add(line: string): void {
    if (line === this.#last) {
      this.#more += 1
      this.#timer ??= setTimeout(() => this.#tell(), INTERVAL_MS).unref()
      return
    }
    this.#tell()
    this.#last = line
    this.#pass(line)
  }

  #tell(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#more > 0) this.#pass(`${this.#last} (${this.#more} times more)`)
    this.#more = 0
  }
}
