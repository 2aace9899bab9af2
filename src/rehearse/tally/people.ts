import type { UserRecord } from '../record.js'

/** What a user may be without: answers to requests, and the websocket. A gap lasts until both are there again. */
export type Service = 'requests' | 'websocket'

/** What one user saw so far. Times are milliseconds after the start. */
export class Person {
  readonly name: string
  arrivedMs: number | undefined
  readyAfterMs: number | undefined
  leftMs: number | undefined
  requests = 0
  failures = 0
  excused = 0
  websocketsBroken = 0
  #gaps = 0
  #longestGapMs = 0
  #totalGapMs = 0
  #gapFromMs = 0
  readonly #lacks = new Set<Service>()
  /** How many incidents excuse it now, and when the last of those that did has ended. */
  #excuses = 0
  #excusedUntilMs = Number.NEGATIVE_INFINITY

  constructor(name: string) {
    this.name = name
  }

  excuse(): void {
    this.#excuses += 1
  }

  endExcuse(nowMs: number): void {
    this.#excuses -= 1
    this.#excusedUntilMs = nowMs
  }

  /** Whether what was wanted then and failed now is excused. */
  isExcused(wantedMs: number): boolean {
    return this.#excuses > 0 || wantedMs <= this.#excusedUntilMs
  }

  lacks(service: Service, sinceMs: number): void {
    if (this.#lacks.size === 0) this.#gapFromMs = sinceMs
    this.#lacks.add(service)
  }

  has(service: Service, nowMs: number): void {
    if (this.#lacks.delete(service) && this.#lacks.size === 0) this.#endGap(nowMs)
  }

  /** It wants nothing more. What it lacked until now counts. */
  leaves(nowMs: number): void {
    this.leftMs ??= Math.round(nowMs)
    if (this.#lacks.size > 0) this.#endGap(nowMs)
    this.#lacks.clear()
  }

  record(nowMs: number): UserRecord {
    const openMs = this.#lacks.size > 0 ? nowMs - this.#gapFromMs : 0
    const { name, arrivedMs, readyAfterMs, leftMs, requests, failures, excused, websocketsBroken } = this
    return {
      ...{ name, arrivedMs, readyAfterMs, leftMs, requests, failures, excused, websocketsBroken },
      gaps: this.#gaps + (openMs > 0 ? 1 : 0),
      longestGapMs: Math.round(Math.max(this.#longestGapMs, openMs)),
      totalGapMs: Math.round(this.#totalGapMs + openMs),
    }
  }

  #endGap(nowMs: number): void {
    const ms = nowMs - this.#gapFromMs
    this.#gaps += 1
    this.#totalGapMs += ms
    this.#longestGapMs = Math.max(this.#longestGapMs, ms)
  }
}
