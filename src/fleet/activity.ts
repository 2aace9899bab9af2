import type { Clock } from '../platform/clock.js'
import { Alarm } from '../platform/clock.js'
import type { InUse, PeerMessage } from './streams/messages.js'

/** How often other members are told which routes were in use, in milliseconds. Envoys report it every 2 s. */
const EVERY_MS = 2_000

/** How much later a member is told of it at most. By then it may have stored the activity of that time already. */
export const TOLD_LATE_MS = 5_000

/** What a member is told that has just been reached: the store has what was before, of the last minute but one. */
const RECENT_MS = 130_000

/** The route table, as far as it says when routes were in use. */
export interface ActivityTable {
  touch(key: string, at: Date): void
  /** When each route was last in use, by key. */
  lastActivity(): Iterable<readonly [key: string, at: Date]>
}

export interface ActivityExchangeOptions {
  readonly clock: Clock
  readonly broadcast: (message: PeerMessage) => void
  readonly send: (to: string, message: PeerMessage) => void
  readonly table: ActivityTable
}

/** Each member hears from its own Envoys which routes are in use, and from the others what theirs say. */
export class ActivityExchange {
  readonly #options: ActivityExchangeOptions
  readonly #alarm: Alarm
  /** When routes were in use of which the others are yet to be told, on the clock. */
  readonly #news = new Map<string, number>()

  constructor(options: ActivityExchangeOptions) {
    this.#options = options
    this.#alarm = new Alarm(options.clock, () => this.#tell())
  }

  /** Own Envoys have reported these. */
  active(keys: Iterable<string>): void {
    const now = this.#options.clock.now()
    for (const key of keys) this.#news.set(key, now)
    if (this.#news.size > 0) this.#alarm.at(now + EVERY_MS)
  }

  /** A peer has reported these. */
  heard(activity: readonly InUse[]): void {
    const now = Date.now()
    for (const { key, ageMs } of activity) this.#options.table.touch(key, new Date(now - ageMs))
  }

  /** A peer has just been reached: it may have missed what was told before. */
  reached(id: string): void {
    const now = Date.now()
    const recent: InUse[] = []
    for (const [key, at] of this.#options.table.lastActivity()) {
      const ageMs = now - at.getTime()
      if (ageMs < RECENT_MS) recent.push({ key, ageMs: Math.max(0, ageMs) })
    }
    if (recent.length > 0) this.#options.send(id, { activity: recent })
  }

  close(): void {
    this.#alarm.cancel()
  }

  #tell(): void {
    const now = this.#options.clock.now()
    const activity = [...this.#news].map(([key, at]) => ({ key, ageMs: Math.round(now - at) }))
    this.#news.clear()
    this.#options.broadcast({ activity })
  }
}
