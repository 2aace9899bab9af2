import type { Clock } from '../platform/clock.js'
import { isDoneWithin, SYSTEM_CLOCK } from '../platform/clock.js'
import type { Logger } from '../platform/log.js'
import { storeReason } from '../routing/errors.js'

/** How long the end of the proxy may wait for the store, in milliseconds. */
const LAST_LIMIT_MS = 5_000

export interface PersistActivityOptions {
  /** Stores when routes were last active, of those that were since a moment. */
  readonly store: (since: Date) => Promise<void>
  /** How much activity may be lost, in milliseconds. */
  readonly everyMs: number
  readonly log: Logger
  readonly clock?: Clock
}

/** Has activity stored now and then, until the returned function is called, and then once more. */
export function persistActivity(options: PersistActivityOptions): () => Promise<void> {
  const { store, everyMs, log, clock = SYSTEM_CLOCK } = options
  let since = new Date()
  let last: Promise<void> = Promise.resolve()
  let stop = () => {}
  const pass = async () => {
    const begun = new Date()
    try {
      await store(since)
      since = begun
    } catch (error) {
      log.warn(`Could not store last_activity, will retry: ${storeReason(error as Error)}`)
    }
  }
  const next = () => {
    last = last.then(pass)
    return last
  }
  const wait = () => {
    stop = clock.after(everyMs, () => {
      void next()
      wait()
    })
  }
  wait()
  return async () => {
    stop()
    await isDoneWithin(clock, LAST_LIMIT_MS, next())
  }
}
