/**
 * How the proxy ends: after requests in flight, at once, or after a failure, when an Envoy that ran before the start serves
 * on.
 */
export type Ending = 'drain' | 'at once' | 'abandon'

/**
 * Undoes one step of a start.
 *
 * @param hurry is aborted when what may take its time is to end at once after all
 */
export type UndoStep = (how: Ending, hurry: AbortSignal) => unknown

/** What undoes each step of a start, in the order of the steps. */
export class Undo {
  readonly #steps: UndoStep[] = []
  readonly #hurry = new AbortController()
  readonly #onFailed: (error: Error) => void
  #how: Ending | undefined
  #running: Promise<void> | undefined

  /** @param onFailed a step could not be undone; all others are nevertheless */
  constructor(onFailed: (error: Error) => void) {
    this.#onFailed = onFailed
  }

  /** @throws Error if the proxy is ending: the step is undone at once, and no other is to follow */
  push(step: UndoStep): void {
    if (this.#how !== undefined) {
      void this.#attempt(step)
      throw new Error('The proxy was stopped while it was starting')
    }
    this.#steps.push(step)
  }

  /** Undoes the last step first, each once, whoever calls. A later call can only make an earlier one hurry. */
  run(how: Ending): Promise<void> {
    if (this.#how === undefined || (this.#how === 'drain' && how === 'at once')) this.#how = how
    if (this.#how === 'at once') this.#hurry.abort()
    this.#running ??= this.#undoAll()
    return this.#running
  }

  async #undoAll(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) await this.#attempt(step)
  }

  async #attempt(step: UndoStep): Promise<void> {
    try {
      await step(this.#how ?? 'at once', this.#hurry.signal)
    } catch (error) {
      this.#onFailed(error as Error)
    }
  }
}
