import { setTimeout as delay } from 'node:timers/promises'
import type { EnvoyAdmin } from './admin.js'

/** JupyterHub kills a proxy that has not ended 10 s after SIGTERM. */
const DRAIN_LIMIT_MS = 5_000
const POLL_MS = 50

/**
 * Closes Envoy's ports, then gives requests under way some seconds to end; websockets don't, they are meant to last.
 *
 * @param statPrefix the listener whose requests are waited for
 */
export async function drain(admin: EnvoyAdmin, statPrefix: string): Promise<void> {
  const deadline = performance.now() + DRAIN_LIMIT_MS
  await admin.stopListening()
  while ((await admin.requestsUnderWay(statPrefix)) > 0 && performance.now() < deadline) await delay(POLL_MS)
}
