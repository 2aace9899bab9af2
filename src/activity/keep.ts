import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../platform/log.js'

/** How long the end of the proxy may wait for the store, in milliseconds. */
const LAST_LIMIT_MS = 5_000

export interface KeepActivityOptions {
  /** Stores when routes were last active, of those that were since a moment. */
  readonly store: (since: Date) => Promise<void>
  /** How much activity may be lost, in milliseconds. */
  readonly everyMs: number
  readonly log: Logger
}

/** Has activity stored now and then, until the returned function is called, and then once more. */
export function keepActivity({ store, everyMs, log }: KeepActivityOptions): () => Promise<void> {
  let since = new Date()
  let last: Promise<void> = Promise.resolve()
  const pass = async () => {
    const begun = new Date()
    try {
      await store(since)
      since = begun
    } catch (error) {
      log.warn(`When routes were last active was not stored, and will be tried again: ${(error as Error).message}`)
    }
  }
  const next = () => {
    last = last.then(pass)
    return last
  }
  const timer = setInterval(next, everyMs).unref()
  return async () => {
    clearInterval(timer)
    const limit = new AbortController()
    const late = delay(LAST_LIMIT_MS, undefined, { signal: limit.signal }).catch(() => {})
    await Promise.race([next(), late])
    limit.abort()
  }
}
