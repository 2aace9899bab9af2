import { setTimeout as delay } from 'node:timers/promises'
import type { PlainLog } from '../platform/log.js'
import { LoggedReasons } from '../platform/logged-reasons.js'
import { storeReason } from '../routing/errors.js'

/**
 * The pause before the next attempt: doubled each time, and jittered so that many don't come at once. Changes that others
 * make are answered late until a store that is back is followed again, so the longest is short.
 */
const PAUSE_MS = { first: 100, most: 2_000 } as const

/** What can be followed for less than this counts as a failure again. */
const STEADY_MS = 2_000

/** The pauses between attempts to follow a store, and what the log has of them. */
export class Retries {
  readonly #what: string
  readonly #log: PlainLog
  #failures = 0
  /** Since when it is followed; undefined if it isn't. */
  #since: number | undefined
  /** Whether the last line of the log says that it is away. */
  #isKnownAway = false
  readonly #reasons = new LoggedReasons()

  /** @param what the store, at the beginning of a sentence, such as `The Kubernetes API` */
  constructor(what: string, log: PlainLog) {
    this.#what = what
    this.#log = log
  }

  /** It is followed from now on. */
  succeeded(): void {
    if (this.#isKnownAway) this.#log.info(`${this.#what} answers again`)
    this.#isKnownAway = false
    this.#since = performance.now()
  }

  /** Resolves when it is time for the next attempt. One lost connection is ordinary, so the log has the second, then each new reason. */
  async failed(error: Error, signal: AbortSignal): Promise<void> {
    const now = performance.now()
    if (this.#since !== undefined && now - this.#since >= STEADY_MS) {
      this.#failures = 0
      this.#reasons.clear()
    }
    this.#since = undefined
    this.#failures += 1
    if (this.#failures > 1 && this.#reasons.isDue(error.message, now)) {
      this.#isKnownAway = true
      this.#log.warn(`${this.#what} can't be watched, will retry: ${storeReason(error)}`)
    }
    const pause = Math.min(PAUSE_MS.first * 2 ** (this.#failures - 1), PAUSE_MS.most)
    await delay(pause * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {})
  }
}
