/** Has what concerns the same key done one after the other, in the order it came; what concerns others goes on meanwhile. */
export class Turns {
  /** The end of the queue of each key. */
  readonly #ends = new Map<string, Promise<unknown>>()

  /** Does it when all is done that came before, whatever became of that. */
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
