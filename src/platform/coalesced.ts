/**
 * Runs a task for several callers at once. Whoever calls gets the outcome of a run that begins after the call: those who
 * call during a run share the next one.
 */
export class Coalesced<T> {
  readonly #task: () => Promise<T>
  #running: Promise<unknown> = Promise.resolve()
  #next: Promise<T> | undefined

  constructor(task: () => Promise<T>) {
    this.#task = task
  }

  run(): Promise<T> {
    if (this.#next !== undefined) return this.#next
    const next = this.#running.then(() => {
      this.#next = undefined
      return this.#task()
    })
    this.#next = next
    this.#running = next.catch(() => {})
    return next
  }
}
