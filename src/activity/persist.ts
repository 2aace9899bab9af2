import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../platform/log.js'

/** How long the end of the proxy may wait for the store, in milliseconds. */
const LAST_LIMIT_MS = 5_000

export interface PersistActivityOptions {
  /** Stores when routes were last active, of those that were since a moment. */
  readonly store: (since: Date) => Promise<void>
  /** How much activity may be lost, in milliseconds. */
  readonly everyMs: number
  readonly log: Logger
}

/** Has activity stored now and then, until the returned function is called, and then once more. */
export function persistActivity({ store, everyMs, log }: PersistActivityOptions): () => Promise<void> {
  let since = new Date()
  let last: Promise<void> = Promise.resolve()
  const pass = async () => {
    const begun = new Date()
    try {
      await store(since)
      since = begun
    } catch (error) {
      log.warn(`Could not store last_activity, will retry: ${(error as Error).message}`)
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
