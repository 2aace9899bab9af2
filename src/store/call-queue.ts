import { Limit } from '../platform/limit.js'
import { NotStoredError, StoreAwayError } from '../routing/errors.js'

export interface CallQueueOptions {
  /** How many calls are made at a time. */
  readonly calls: number
  /** The store's name, in the middle of a sentence. */
  readonly store: string
  /** Whether an error means that the store is away, and not that it has refused the call. */
  readonly isAway: (error: unknown) => boolean
}

/**
 * Makes a limited number of calls at a time. When one finds the store away, those that were waiting fail with it: the
 * hub must hear so within seconds, however many calls it made at once.
 */
export class CallQueue {
  readonly #options: CallQueueOptions
  readonly #limit: Limit
  #calls = 0
  /** The calls that had been made when the store was last found away. */
  #away = { calls: 0, reason: '' }

  constructor(options: CallQueueOptions) {
    this.#options = options
    this.#limit = new Limit(options.calls)
  }

  /** @throws StoreAwayError, NotStoredError, or what the task throws with a status of its own */
  async run<T>(task: () => Promise<T>): Promise<T> {
    const { store, isAway } = this.#options
    this.#calls += 1
    const call = this.#calls
    return this.#limit.run(async () => {
      if (call <= this.#away.calls) throw new StoreAwayError(this.#away.reason)
      try {
        return await task()
      } catch (error) {
        const { message } = error as Error
        if (hasStatus(error)) throw error
        if (!isAway(error)) throw new NotStoredError(message)
        this.#away = { calls: this.#calls, reason: `${store} is away: ${message}` }
        throw new StoreAwayError(this.#away.reason)
      }
    })
  }
}

function hasStatus(error: unknown): boolean {
  return (error as { statusCode?: number }).statusCode !== undefined
}
