/** Where whoever waits gets the time from. */
export interface Clock {
  /** Milliseconds since some moment; it never goes back. */
  now(): number
  /** Calls back once, after so many milliseconds, unless the returned function is called before. */
  after(ms: number, callback: () => void): () => void
}

export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}

/** As the promise, which goes on; rejects if it takes longer. */
export async function withinLimit<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T> {
  let stop = () => {}
  const late = new Promise<never>((_resolve, reject) => {
    stop = clock.after(ms, () => reject(new Error(`no answer within ${ms / 1000} s`)))
  })
  return Promise.race([promise, late]).finally(stop)
}
