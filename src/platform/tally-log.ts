/** How long what happens is added up before another line says how often. */
const INTERVAL_MS = 10_000

/** Something that can happen often: the first time is told at once, and then at most one line in ten seconds. */
export class TallyLog {
  readonly #write: (count: number) => void
  #count = 0
  #timer: NodeJS.Timeout | undefined

  /** @param write told how often it has happened since the last line */
  constructor(write: (count: number) => void) {
    this.#write = write
  }

  /** It has happened so often. */
  add(count: number): void {
    this.#count += count
    if (this.#timer === undefined) this.#tell()
  }

  #tell(): void {
    this.#timer = undefined
    if (this.#count === 0) return
    this.#write(this.#count)
    this.#count = 0
    this.#timer = setTimeout(() => this.#tell(), INTERVAL_MS).unref()
  }
}
