import { Turns } from '../../platform/turns.js'
import { NotStoredError, StoreAwayError } from '../../routing/errors.js'
import { ApiAwayError, CONNECTIONS } from './client.js'

/**
 * Makes as many calls at a time as there are connections. When one finds the API away, those that were waiting fail
 * with it: the hub must hear so within seconds, however many calls it made at once.
 */
export class CallQueue {
  readonly #lanes = new Turns()
  #calls = 0
  /** The calls that had been made when the API was last found away. */
  #away = { calls: 0, reason: '' }

  /** @throws StoreAwayError, NotStoredError */
  async run<T>(task: () => Promise<T>): Promise<T> {
    this.#calls += 1
    const call = this.#calls
    return this.#lanes.run(String(call % CONNECTIONS), async () => {
      if (call <= this.#away.calls) throw new StoreAwayError(this.#away.reason)
      try {
        return await task()
      } catch (error) {
        const { message } = error as Error
        if (!(error instanceof ApiAwayError)) throw new NotStoredError(message)
        this.#away = { calls: this.#calls, reason: `the Kubernetes API is away: ${message}` }
        throw new StoreAwayError(this.#away.reason)
      }
    })
  }
}
