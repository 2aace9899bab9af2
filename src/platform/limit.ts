/** Runs at most so many tasks at a time. The others wait, in the order of their calls. */
export class Limit {
  #free: number
  readonly #waiting: Array<() => void> = []

  constructor(most: number) {
    this.#free = most
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await task()
    } finally {
      const next = this.#waiting.shift()
      // It takes the place of this one.
      if (next === undefined) this.#free += 1
      else next()
    }
  }
}
