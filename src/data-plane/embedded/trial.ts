import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { EnvoyAdmin } from '../../envoy/admin.js'
import { adminKeyFile, newAdminKey } from '../../envoy/admin-key.js'
import { SYSTEM_CLOCK } from '../../platform/clock.js'
import type { Logger } from '../../platform/log.js'
import { startProgram } from '../../platform/spawn.js'
import { bootstrap } from '../../resources/bootstrap/bootstrap.js'
import { routeKeyOf } from '../../resources/names.js'
import type { Limits } from '../../settings/limits.js'
import { ServedCollection } from '../../xds/served-collection.js'
import { AdsServer } from '../../xds/server.js'
import { ONE_ENVOY } from '../../xds/wait-policy.js'
import type { Delivered } from '../data-plane.js'
import { envoyArguments } from './arguments.js'
import type { RuntimeDir } from './runtime-dir.js'

/** Envoy starts in 0.5 s without routes. `timeout` ends it after this time even if this process has died. */
const LIMIT_S = 30
const POLL_MS = 20
const LAST_CHARACTERS = 1_000

export interface TrialOptions {
  readonly binary: string
  readonly dir: RuntimeDir
  readonly limits: Pick<Limits, 'maxHeapBytes' | 'maxConnections'>
  readonly workers: number
  readonly delivered: Delivered
  readonly log: Logger
}

/**
 * Tries out the new settings: starts an Envoy beside the one that serves, with all settings but without ports and
 * routes, and ends it again. A hot restart hands over the ports at once, and then it is too late to find a bad setting.
 *
 * @returns why Envoy can't serve; undefined if it can
 */
export async function tryOut(options: TrialOptions): Promise<string | undefined> {
  const { dir, limits, workers, log } = options
  const [adsSocket, adminSocket, file] = ['ads.sock', 'admin.sock', 'json'].map((end) => join(dir.path, `trial-${end}`))
  if (adsSocket === undefined || adminSocket === undefined || file === undefined) return undefined
  const adminKey = newAdminKey()
  let rejection: string | undefined
  const { ads, answered } = serverFor(options, (name, reason) => {
    rejection ??= `it rejects ${name}: ${reason}`
  })
  try {
    await rm(adsSocket, { force: true })
    await ads.listen({ address: { socketPath: adsSocket }, mode: 0o600, tls: undefined })
    const content = bootstrap({ controlPlane: { socketPath: adsSocket }, adminSocket, adminKey, limits })
    await writeFile(file, JSON.stringify(content), { mode: 0o600 })
    await writeFile(adminKeyFile(adminSocket), adminKey, { mode: 0o600 })
    const args = envoyArguments({ dir, bootstrapFile: file, workers, verbose: false, baseId: undefined }, 0)
    const admin = new EnvoyAdmin(adminSocket)
    return await outcome(options.binary, args, async () => {
      // Envoy reports that it is ready even if it has rejected a resource, and its answer may be in flight.
      if (rejection === undefined && !(await admin.isReady())) return undefined
      await answered().catch((error: Error) => {
        rejection ??= error.message
      })
      return { rejection }
    })
  } catch (error) {
    return `it could not be tried out: ${(error as Error).message}`
  } finally {
    ads.close()
    for (const path of [adsSocket, adminSocket, adminKeyFile(adminSocket), file])
      await rm(path, { force: true }).catch(log.warn.bind(log))
  }
}

interface TrialServer {
  readonly ads: AdsServer
  /** Resolves when Envoy has acknowledged or rejected all resources. */
  readonly answered: () => Promise<unknown>
}

/** Serves all that Envoys get here except routes: a rejected route affects no other. */
function serverFor({ delivered, log }: TrialOptions, onRejected: (name: string, reason: string) => void): TrialServer {
  const { collections, listeners, listenersWithoutPort } = delivered
  const copy = (from: ServedCollection) => {
    const { collection, maxAResponse } = from
    const made = new ServedCollection({
      ...{ typeUrl: collection.typeUrl, maxAResponse, policy: ONE_ENVOY, clock: SYSTEM_CLOCK },
      ackTimeoutMs: LIMIT_S * 1000,
      onRejected: ({ name, reason }) => onRejected(name, reason),
    })
    const names = [...collection.names()].filter((name) => routeKeyOf(name) === undefined)
    const resources = from === listeners ? listenersWithoutPort : names.map((name) => collection.get(name))
    for (const resource of resources) if (resource !== undefined) made.collection.set(resource.name, resource)
    return made
  }
  const [ordered, onDemand] = [collections.ordered.map(copy), collections.onDemand.map(copy)]
  const ads = new AdsServer({ ordered, onDemand, services: [], log, connectionsAt: 'debug', onCutOff: () => {} })
  const all = [...ordered, ...onDemand]
  const answered = () =>
    Promise.all(
      all.flatMap(({ collection, delivery }) => [...collection.names()].map((name) => delivery.delivered(name))),
    )
  return { ads, answered }
}

/** @param poll returns the outcome; undefined if it isn't known yet */
async function outcome(
  binary: string,
  args: readonly string[],
  poll: () => Promise<{ readonly rejection: string | undefined } | undefined>,
): Promise<string | undefined> {
  const child = await startProgram('timeout', ['-s', 'KILL', String(LIMIT_S), binary, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const since = performance.now()
  const ended = once(child, 'exit')
  const output = lastOutput(child)
  try {
    for (;;) {
      const known = await poll()
      if (known !== undefined) return known.rejection
      if (child.exitCode !== null || child.signalCode !== null) {
        if (performance.now() - since >= LIMIT_S * 1000) return `it was not ready within ${LIMIT_S} s: ${output()}`
        return `it ended (${child.signalCode ?? `status ${child.exitCode}`}): ${output()}`
      }
      await delay(POLL_MS)
    }
  } finally {
    // `timeout` passes it on to Envoy.
    child.kill('SIGTERM')
    await ended
  }
}

/** The end of its output, as one line. */
function lastOutput(child: ChildProcess): () => string {
  let output = ''
  const add = (chunk: Buffer) => {
    output = `${output}${chunk}`.slice(-LAST_CHARACTERS)
  }
  child.stdout?.on('data', add)
  child.stderr?.on('data', add)
  return () => output.trim().split('\n').join(' | ')
}
