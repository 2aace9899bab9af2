import { setTimeout as delay } from 'node:timers/promises'
import type { EnvoyAdmin } from './admin.js'

/** JupyterHub kills a proxy that has not ended 10 s after SIGTERM. */
const DRAIN_LIMIT_MS = 5_000
const POLL_MS = 50

/** How long a load balancer may take to notice that the health check fails. */
const LEAVE_MS = 5_000

/**
 * Closes Envoy's ports, then gives requests in flight some seconds to end; not websockets, which are meant to last.
 *
 * @param statPrefix the listener whose requests are waited for
 * @param hurry ends the wait
 */
export async function closeAndWait(
  admin: EnvoyAdmin,
  statPrefix: string,
  { limitMs = DRAIN_LIMIT_MS, hurry }: { readonly limitMs?: number; readonly hurry?: AbortSignal } = {},
): Promise<void> {
  const deadline = performance.now() + limitMs
  const isOver = () => hurry?.aborted || performance.now() >= deadline
  await admin.stopListening()
  while ((await admin.requestsInFlight(statPrefix)) > 0 && !isOver()) await delay(POLL_MS)
}

/**
 * Drains one Envoy of several: its health check fails, and connections are closed after their next response, while new
 * ones are still accepted. Once no request or websocket is left, or time is nearly up, {@link closeAndWait} follows.
 *
 * @throws Error if Envoy doesn't answer
 */
export async function drain(admin: EnvoyAdmin, statPrefix: string, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs
  await admin.failHealthChecks()
  await delay(Math.min(LEAVE_MS, limitMs / 2))
  const closing = Math.min(DRAIN_LIMIT_MS, limitMs / 4)
  while ((await admin.streamsInFlight(statPrefix)) > 0 && performance.now() < deadline - closing) await delay(POLL_MS)
  await closeAndWait(admin, statPrefix, { limitMs: Math.max(0, deadline - performance.now()) })
}
