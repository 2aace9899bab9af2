import { setTimeout as delay } from 'node:timers/promises'
import { FatalError } from '../../platform/fatal-error.js'
import type { Logger } from '../../platform/log.js'
import { isShortage } from '../../platform/spawn.js'
import type { EnvoyProcess } from './process.js'

const FIRST_WAIT_MS = 200
const LONGEST_WAIT_MS = 5_000

/**
 * Starts an Envoy. If the system is short of files, processes, memory or disk space, it retries, and logs each failure:
 * ending this process would free next to nothing, and lose what it can still do.
 *
 * @param isOver whether the Envoy is no longer wanted
 * @throws FatalError if it can't be started or is no longer wanted
 */
export async function launch(
  start: () => Promise<EnvoyProcess>,
  isOver: () => boolean,
  log: Logger,
): Promise<EnvoyProcess> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    try {
      return await start()
    } catch (error) {
      if (!isShortage(error)) throw new FatalError(`Envoy can't be started: ${(error as Error).message}`)
      log.error(`Envoy can't be started now: ${error.message}. Trying again in ${waitMs / 1000} s`)
    }
    await delay(waitMs)
    if (isOver()) throw new FatalError('Envoy was not started, since the proxy is stopping')
  }
}
