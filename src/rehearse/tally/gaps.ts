/** The times in which something was not there. Times are milliseconds after the start. */
export class Gaps {
  #count = 0
  #longestMs = 0
  #totalMs = 0
  #sinceMs: number | undefined

  begin(sinceMs: number): void {
    this.#sinceMs ??= sinceMs
  }

  /** What was lacking before counts no more; what is lacking still counts from then. */
  notBefore(ms: number): void {
    if (this.#sinceMs !== undefined) this.#sinceMs = Math.max(this.#sinceMs, ms)
  }

  /** What is lacking doesn't count. */
  forget(): void {
    this.#sinceMs = undefined
  }

  /** Nothing, unless it was lacking. */
  end(nowMs: number): void {
    const ms = nowMs - (this.#sinceMs ?? nowMs)
    this.#sinceMs = undefined
    if (ms <= 0) return
    this.#count += 1
    this.#totalMs += ms
    this.#longestMs = Math.max(this.#longestMs, ms)
  }

  /** One that lasts still is among them. */
  until(nowMs: number): { count: number; longestMs: number; totalMs: number } {
    const openMs = Math.max(0, nowMs - (this.#sinceMs ?? nowMs))
    return {
      count: this.#count + (openMs > 0 ? 1 : 0),
      longestMs: Math.round(Math.max(this.#longestMs, openMs)),
      totalMs: Math.round(this.#totalMs + openMs),
    }
  }
}
