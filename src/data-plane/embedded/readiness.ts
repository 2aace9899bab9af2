import { setTimeout as delay } from 'node:timers/promises'
import type { EnvoyAdmin } from '../../envoy/admin.js'
import type { Logger } from '../../platform/log.js'

const POLL_MS = 20
/** JupyterHub gives up on a proxy that doesn't serve by then. */
const SLOW_START_MS = 10_000

/**
 * Resolves once the Envoy of the restart epoch serves.
 *
 * @param epoch asked again and again, since another Envoy may have been started meanwhile; undefined to stop waiting
 * @returns false if the wait was stopped
 */
export async function serves(
  admin: Pick<EnvoyAdmin, 'isReady' | 'epoch'>,
  epoch: () => number | undefined,
): Promise<boolean> {
  for (let wanted = epoch(); wanted !== undefined; wanted = epoch()) {
    // Until a new Envoy is up, its predecessor answers at the same socket.
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
