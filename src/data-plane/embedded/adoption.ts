import { isDeepStrictEqual } from 'node:util'
import { EnvoyAdmin } from '../../envoy/admin.js'
import type { ListenAddress } from '../../platform/address.js'
import { checkAddress } from '../../platform/address.js'
import { FatalError } from '../../platform/fatal-error.js'
import type { Logger } from '../../platform/log.js'
import { findProcesses, openFiles, shares, socketsBelow } from '../../platform/processes.js'
import { isEnvoyOf } from './arguments.js'
import { EnvoyProcess } from './process.js'
import type { RuntimeDir } from './runtime-dir.js'
import { realPath } from './runtime-dir.js'

export interface SelectOptions {
  readonly dir: RuntimeDir
  /** Whether they may be adopted: without a stored table they can't. */
  readonly adopt: boolean
  /** Where Envoy will listen, each with the subject of an error message about it. */
  readonly addresses: ReadonlyArray<{ readonly server: string; readonly address: ListenAddress }>
  readonly log: Logger
}

/**
 * Decides whether the Envoys that were found running are adopted, and ends them if not.
 *
 * @returns the adopted ones: all or none
 * @throws FatalError if an address that Envoy needs is taken
 */
export async function adoptOrEnd(found: readonly EnvoyProcess[], options: SelectOptions): Promise<EnvoyProcess[]> {
  const { dir, adopt, addresses, log } = options
  const listening = adopt && found.length > 0 ? await listeningOn(dir) : undefined
  const needed = addresses.filter(({ address }) => !listening?.some((held) => isDeepStrictEqual(held, address)))
  // An Envoy that doesn't answer is of no use. And no Envoy can listen twice on a port, such as on all addresses and on
  // one.
  const usable =
    listening !== undefined && !needed.some(({ address }) => listening.some((held) => clash(held, address)))
  if (!usable) await endAll(found, log)
  for (const { server, address } of usable ? needed : addresses) await checkAddress(server, address)
  return usable ? [...found] : []
}

function clash(one: ListenAddress, other: ListenAddress): boolean {
  return 'port' in one && 'port' in other && one.port === other.port
}

/** Undefined if Envoy doesn't answer. While it starts, it listens nowhere. */
async function listeningOn(dir: RuntimeDir): Promise<ListenAddress[] | undefined> {
  return new EnvoyAdmin(dir.adminSocket).listeningOn().catch(() => undefined)
}

/**
 * The Envoys that run from a runtime directory, the newest last. Any process can have such arguments, so an Envoy must
 * also have a file or socket of the directory open, which only its owner can. And it must see the same directory: a
 * container may have another one of that name.
 */
export function findEnvoys(dir: RuntimeDir): EnvoyProcess[] {
  const found = findProcesses((args) => isEnvoyOf(dir, args))
  const sockets = found.length === 0 ? new Set<string>() : socketsBelow(`${dir.path}/`)
  const files = `${realPath(dir)}/`
  return found
    .filter(({ pid }) => shares(pid, realPath(dir)))
    .filter(({ pid }) => openFiles(pid)?.some(({ file }) => file.startsWith(files) || sockets.has(file)) ?? true)
    .map((process) => EnvoyProcess.adopt(process))
    .sort((one, other) => (one.epoch ?? 0) - (other.epoch ?? 0))
}

/** Ends those that still run. @throws FatalError if an Envoy can't be ended */
export async function endAll(envoys: readonly EnvoyProcess[], log: Logger): Promise<void> {
  for (const envoy of envoys.filter((one) => one.isAlive()))
    log.warn(`Ending Envoy ${envoy.pid}, which an earlier control plane left behind`)
  await Promise.all(envoys.map((envoy) => envoy.end())).catch((error: Error) => {
    throw new FatalError(error.message)
  })
}
