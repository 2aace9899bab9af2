import { setTimeout as delay } from 'node:timers/promises'
import type { EnvoyAdmin } from '../../envoy/admin.js'
import type { Logger } from '../../platform/log.js'

const POLL_MS = 20
/** JupyterHub gives up on a proxy that doesn't serve within this time. */
const SLOW_START_MS = 10_000

/**
 * Resolves once the Envoy with the given restart epoch serves.
 *
 * @param epoch called at each poll, since another Envoy may have been started meanwhile; undefined stops the wait
 * @returns false if the wait was stopped
 */
export async function waitUntilServing(
  admin: Pick<EnvoyAdmin, 'isReady' | 'epoch'>,
  epoch: () => number | undefined,
): Promise<boolean> {
  for (let wanted = epoch(); wanted !== undefined; wanted = epoch()) {
    // Until a new Envoy is ready, its predecessor answers on the same socket.
    if ((await admin.isReady()) && (await admin.epoch()) === wanted) return true
    await delay(POLL_MS)
  }
  return false
}

/** Waits for `ready`, and warns if that takes long. */
export async function warnIfSlow(ready: Promise<boolean>, log: Logger): Promise<boolean> {
  const slow = setTimeout(() => {
    log.warn(`Envoy does not serve after ${SLOW_START_MS / 1000} s, still waiting for it`)
  }, SLOW_START_MS)
  return ready.finally(() => clearTimeout(slow))
}
