/** Time, for code that waits; tests have a clock of their own. */
export interface Clock {
  /** Milliseconds since some fixed moment. Never goes back. */
  now(): number
  /** Calls back once, after `ms` milliseconds. The returned function cancels that. */
  after(ms: number, callback: () => void): () => void
}

export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}

/** Settles like the promise, but rejects if that takes longer than `ms`. The work behind the promise goes on. */
export async function withinLimit<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T> {
  let stop = () => {}
  const late = new Promise<never>((_resolve, reject) => {
    stop = clock.after(ms, () => reject(new Error(`no answer within ${ms / 1000} s`)))
  })
  return Promise.race([promise, late]).finally(stop)
}

/** One timer for however many moments: it rings at the first of those that were asked for since it last rang. */
export class Alarm {
  readonly #clock: Clock
  readonly #ring: () => void
  #at = Number.POSITIVE_INFINITY
  #stop = () => {}

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock
    this.#ring = ring
  }

  /** Rings at this moment, or before it. Timers may be early by a fraction of a millisecond. */
  at(moment: number): void {
    if (moment >= this.#at) return
    this.#stop()
    this.#at = moment
    this.#stop = this.#clock.after(Math.max(0, moment - this.#clock.now()), () => {
      this.#at = Number.POSITIVE_INFINITY
      this.#ring()
    })
  }

  cancel(): void {
    this.#at = Number.POSITIVE_INFINITY
    this.#stop()
  }
}

/** Whether the promise is fulfilled within `ms`. */
export async function isDoneWithin(clock: Clock, ms: number, promise: Promise<unknown>): Promise<boolean> {
  return withinLimit(
    clock,
    ms,
    promise.then(() => true),
  ).catch(() => false)
}
