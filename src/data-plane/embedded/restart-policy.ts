/** An Envoy that ends sooner than this after its start counts as a failed start. */
export const STEADY_AFTER_MS = 5_000
const FAILED_STARTS_ALLOWED = 5
const FIRST_BACK_OFF_MS = 100

/**
 * How long to wait before Envoy is restarted: not at all, or longer each time if it keeps ending soon after its start.
 */
export class RestartPolicy {
  /** How many starts in a row have failed. */
  failedStarts = 0

  /** @returns how many milliseconds to wait; undefined to give up */
  next(livedMs: number): number | undefined {
    this.failedStarts = livedMs < STEADY_AFTER_MS ? this.failedStarts + 1 : 0
    if (this.failedStarts > FAILED_STARTS_ALLOWED) return undefined
    return this.failedStarts === 0 ? 0 : FIRST_BACK_OFF_MS * 2 ** (this.failedStarts - 1)
  }
}
