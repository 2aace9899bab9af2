/** How the proxy ends: after requests in flight, at once, or after a failure. In the last case an adopted Envoy keeps serving. */
export type ShutdownMode = 'drain' | 'at once' | 'abandon'

/**
 * Undoes one step of a start.
 *
 * @param hurry aborted when a shutdown in mode 'drain' has to end at once after all
 */
export type ShutdownStep = (mode: ShutdownMode, hurry: AbortSignal) => unknown

/** The steps of a shutdown: each undoes one step of the start. The last one added runs first. */
export class Shutdown {
  readonly #steps: ShutdownStep[] = []
  readonly #hurry = new AbortController()
  readonly #onFailed: (error: Error) => void
  #mode: ShutdownMode | undefined
  #running: Promise<void> | undefined

  /** @param onFailed called when a step fails; all others run nevertheless */
  constructor(onFailed: (error: Error) => void) {
    this.#onFailed = onFailed
  }

  /** @throws Error if the shutdown has begun: the step runs at once, and the start must not continue */
  push(step: ShutdownStep): void {
    if (this.#mode !== undefined) {
      void this.#attempt(step)
      throw new Error('The proxy was stopped while it was starting')
    }
    this.#steps.push(step)
  }

  /** Runs each step once, also if called again. A later call can only make an earlier one hurry. */
  run(mode: ShutdownMode): Promise<void> {
    if (this.#mode === undefined || (this.#mode === 'drain' && mode === 'at once')) this.#mode = mode
    if (this.#mode === 'at once') this.#hurry.abort()
    this.#running ??= this.#runAll()
    return this.#running
  }

  async #runAll(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) await this.#attempt(step)
  }

  async #attempt(step: ShutdownStep): Promise<void> {
    try {
      await step(this.#mode ?? 'at once', this.#hurry.signal)
    } catch (error) {
      this.#onFailed(error as Error)
    }
  }
}
