import type { UserRecord } from '../record.js'
import { Gaps } from './gaps.js'

/** What a user may be without: answers to requests, and a kernel that answers over its websocket. */
export type Service = 'requests' | 'kernel'

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
  readonly #gaps = { requests: new Gaps(), kernel: new Gaps() }
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
    for (const gaps of Object.values(this.#gaps)) gaps.notBefore(nowMs)
  }

  /** Whether what was wanted then and failed now is excused. */
  isExcused(wantedMs: number): boolean {
    return this.#excuses > 0 || wantedMs <= this.#excusedUntilMs
  }

  /** What is excused doesn't count, but who is without service when the excuse ends is so from then on. */
  lacks(service: Service, sinceMs: number): void {
    this.#gaps[service].begin(Math.max(sinceMs, this.#excusedUntilMs))
  }

  has(service: Service, nowMs: number): void {
    this.#end(this.#gaps[service], nowMs)
  }

  /** It wants nothing more. What it lacked until now counts. */
  leaves(nowMs: number): void {
    this.leftMs ??= Math.round(nowMs)
    for (const gaps of Object.values(this.#gaps)) this.#end(gaps, nowMs)
  }

  record(nowMs: number): UserRecord {
    const { name, arrivedMs, readyAfterMs, leftMs, requests, failures, excused, websocketsBroken } = this
    // What is excused now is not counted.
    const untilMs = this.#excuses > 0 ? Number.NEGATIVE_INFINITY : nowMs
    const [service, kernel] = [this.#gaps.requests.until(untilMs), this.#gaps.kernel.until(untilMs)]
    return {
      ...{ name, arrivedMs, readyAfterMs, leftMs, requests, failures, excused, websocketsBroken },
      ...{ gaps: service.count, longestGapMs: service.longestMs, totalGapMs: service.totalMs },
      ...{ kernelGaps: kernel.count, longestKernelGapMs: kernel.longestMs },
    }
  }

  #end(gaps: Gaps, nowMs: number): void {
    if (this.#excuses > 0) gaps.forget()
    else gaps.end(nowMs)
  }
}
