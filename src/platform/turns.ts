/** Runs tasks with the same key one after the other, in order; tasks with different keys run at the same time. */
export class Turns {
  /** The end of the queue of each key. */
  readonly #ends = new Map<string, Promise<unknown>>()

  /** Whether no task with the key runs or waits. */
  isFree(key: string): boolean {
    return !this.#ends.has(key)
  }

  /** Runs the task once all earlier ones with the key have settled, whether or not they failed. */
  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#ends.get(key) ?? Promise.resolve()
    const turn = before.then(task, task)
    this.#ends.set(key, turn)
    try {
      return await turn
    } finally {
      if (this.#ends.get(key) === turn) this.#ends.delete(key)
    }
  }
}
