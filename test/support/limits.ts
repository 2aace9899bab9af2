import type { Limits } from '../../src/settings/limits.js'

/** What holds where nothing else is said; only a cluster's and the listener's part is looked at. */
export const DEFAULT_LIMITS: Limits = {
  maxHeapBytes: 512 * 1024 * 1024,
  maxConnections: 10_000,
  maxRequestsPerRoute: 2_000,
  requestTimeoutMs: 3_600_000,
  warnings: [],
}
