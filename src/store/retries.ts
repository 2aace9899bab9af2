import { setTimeout as delay } from 'node:timers/promises'
import type { PlainLog } from '../platform/log.js'

/** The pause before the next attempt: doubled each time, and jittered so that many don't come at once. */
const PAUSE_MS = { first: 100, most: 10_000 } as const

/** How often a store that stays away is mentioned. */
const REMIND_MS = 5 * 60_000

/** How many reasons of one absence are logged. */
const REASONS = 10

/** The pauses between attempts to follow a store, and what the log has of them. */
export class Retries {
  readonly #what: string
  readonly #log: PlainLog
  readonly #mostMs: number
  #failures = 0
  #logged = 0
  /** Those that the log has. */
  readonly #reasons = new Set<string>()

  /** @param what the store, at the beginning of a sentence, such as `The Kubernetes API` */
  constructor(what: string, log: PlainLog, mostMs: number = PAUSE_MS.most) {
    this.#what = what
    this.#log = log
    this.#mostMs = mostMs
  }

  succeeded(): void {
    if (this.#failures > 1) this.#log.info(`${this.#what} answers again`)
    this.#failures = 0
    this.#reasons.clear()
  }

  /** Resolves when it is time for the next attempt. One lost connection is ordinary, so the log has the second, then each new reason. */
  async failed(error: Error, signal: AbortSignal): Promise<void> {
    this.#failures += 1
    const now = performance.now()
    const isNews = this.#reasons.size < REASONS && !this.#reasons.has(error.message)
    if (this.#failures > 1 && (isNews || now - this.#logged >= REMIND_MS)) {
      this.#logged = now
      this.#reasons.add(error.message)
      this.#log.warn(`${this.#what} can't be watched, will retry: ${error.message}`)
    }
    const pause = Math.min(PAUSE_MS.first * 2 ** (this.#failures - 1), this.#mostMs)
    await delay(pause * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {})
  }
}
