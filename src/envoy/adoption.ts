import { readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import type { ListenAddress } from '../address.js'
import { checkAddress } from '../address.js'
import { FatalError } from '../errors.js'
import type { Logger } from '../log.js'
import { EnvoyAdmin } from './admin.js'
import { isEnvoyOf } from './command-line.js'
import type { ProcessIdentity } from './proc.js'
import { findProcesses, identify, isAlive } from './proc.js'
import { EnvoyProcess } from './process.js'
import type { RuntimeDir } from './runtime-dir.js'

/**
 * Makes the runtime directory ours.
 *
 * @returns the Envoys of a control plane that has died, the one that serves last; they are as they were
 * @throws FatalError if another control plane lives in it
 */
export async function claim(dir: RuntimeDir): Promise<EnvoyProcess[]> {
  if (await accepts(dir.adsSocket)) {
    throw new FatalError(`Another configurable-envoy-proxy serves this address already (its files are in ${dir.path}).`)
  }
  await rm(dir.adsSocket, { force: true })
  await writeFile(dir.ownerFile, JSON.stringify(identify(process.pid)), { mode: 0o600 })
  return findEnvoys(dir)
}

export interface SelectOptions {
  readonly dir: RuntimeDir
  /** Whether there is a table for them to go on with. */
  readonly adopt: boolean
  /** Where Envoy is to listen, with whose address that is, as a sentence begins. */
  readonly addresses: ReadonlyArray<{ readonly server: string; readonly address: ListenAddress }>
  readonly log: Logger
}

/**
 * Ends the Envoys that were found running if they can't be gone on with.
 *
 * @returns those to go on with: all or none
 * @throws FatalError if nothing can listen on the address
 */
export async function selectRunning(found: readonly EnvoyProcess[], options: SelectOptions): Promise<EnvoyProcess[]> {
  const { dir, adopt, addresses, log } = options
  const listening = adopt && found.length > 0 ? await listeningOn(dir) : undefined
  const needed = addresses.filter(({ address }) => !listening?.some((held) => isDeepStrictEqual(held, address)))
  // One that doesn't answer is of no use. And none can listen twice on a port, as on all addresses and on one of them.
  const usable =
    listening !== undefined && !needed.some(({ address }) => listening.some((held) => clash(held, address)))
  if (!usable) await endAll(found, log)
  for (const { server, address } of usable ? needed : addresses) await checkAddress(server, address)
  return usable ? [...found] : []
}

function clash(one: ListenAddress, other: ListenAddress): boolean {
  return 'port' in one && 'port' in other && one.port === other.port
}

/** Undefined if Envoy doesn't answer. One that is still starting listens nowhere. */
async function listeningOn(dir: RuntimeDir): Promise<ListenAddress[] | undefined> {
  return new EnvoyAdmin(dir.adminSocket).listeningOn().catch(() => undefined)
}

/** The Envoys that run from a runtime directory, the newest last. */
export function findEnvoys(dir: RuntimeDir): EnvoyProcess[] {
  const found = findProcesses((args) => isEnvoyOf(dir, args)).map((process) => EnvoyProcess.adopt(process))
  return found.sort((one, other) => (one.epoch ?? 0) - (other.epoch ?? 0))
}

/** @throws FatalError if one can't be ended */
async function endAll(envoys: readonly EnvoyProcess[], log: Logger): Promise<void> {
  for (const envoy of envoys) log.warn(`Ending Envoy ${envoy.pid}, which an earlier control plane left behind`)
  await Promise.all(envoys.map((envoy) => envoy.end())).catch((error: Error) => {
    throw new FatalError(error.message)
  })
}

/** The control plane that uses the directory, if it is alive. */
export async function ownerOf(dir: RuntimeDir): Promise<ProcessIdentity | undefined> {
  try {
    const owner = JSON.parse(await readFile(dir.ownerFile, 'utf8')) as ProcessIdentity
    return isAlive(owner) ? owner : undefined
  } catch {
    return undefined
  }
}

function accepts(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
