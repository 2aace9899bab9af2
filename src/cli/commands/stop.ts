import { setTimeout as delay } from 'node:timers/promises'
import { findEnvoys } from '../../data-plane/embedded/adoption.js'
import { ownerOf } from '../../data-plane/embedded/claim.js'
import { findGuardians } from '../../data-plane/embedded/guardian.js'
import type { Other } from '../../data-plane/embedded/others.js'
import { describe, listensOn, otherProxies } from '../../data-plane/embedded/others.js'
import type { RuntimeDir } from '../../data-plane/embedded/runtime-dir.js'
import { removeRuntimeDir, runtimeDirOf } from '../../data-plane/embedded/runtime-dir.js'
import { removeSharedMemory } from '../../data-plane/embedded/shared-memory.js'
import type { ListenAddress } from '../../platform/address.js'
import { publicAddressOf } from '../../platform/address.js'
import { FatalError } from '../../platform/fatal-error.js'
import type { ProcessIdentity } from '../../platform/processes.js'
import { isAlive, signal } from '../../platform/processes.js'
import type { OptionSpec } from '../../settings/option.js'
import type { Settings } from '../../settings/settings.js'
import { readSettings } from '../../settings/settings.js'
import type { StateDirKey } from '../../store/directory/state-dir.js'
import { forgetRoutes } from '../../store/open/open.js'
import type { Subcommand } from './subcommand.js'

/** A control plane waits up to 5 s for requests in flight, and then has to end Envoy. */
const STOP_LIMIT_MS = 15_000
const POLL_MS = 50

const OTHERS_HINT =
  '`stop` needs --state-dir, --socket, or --ip and --port, and XDG_RUNTIME_DIR as they were at the start; `kill` with the process id does the same.'

const OPTIONS = [
  { flags: '--forget', description: 'Also remove the routes that the proxy has kept on disk' },
] as const satisfies readonly OptionSpec[]

export const stop: Subcommand<typeof OPTIONS> = {
  name: 'stop',
  description: 'stop the proxy that was started with these options, or the Envoy that it left behind',
  options: OPTIONS,
  async run({ forget }, values) {
    const settings = await readSettings(values, process.env)
    console.log(await stopProxy(runtimeDirOf(settings), settings.public))
    if (forget) console.log(await forgetRoutes(stateDirKeyOf(settings)))
  },
}

/** The key of the state directory of the proxy that runs with these settings. */
function stateDirKeyOf({ store: { stateDir }, public: address }: Settings): StateDirKey {
  return { explicit: stateDir, publicAddress: publicAddressOf(address), env: process.env }
}

/**
 * Ends the control plane that uses a runtime directory, and its Envoy, and waits for both. Also ends an Envoy whose
 * control plane has died.
 *
 * @param address the public address that the options name
 * @returns what was done, in a sentence
 * @throws FatalError if a process can't be ended, or none was found and another proxy of this user has the address
 */
async function stopProxy(dir: RuntimeDir, address: ListenAddress): Promise<string> {
  // Before anything else: the control plane's own supervisor, such as systemd, may start another at once, which must
  // not be touched.
  const [owner, envoys, guardians] = [ownerOf(dir), findEnvoys(dir), findGuardians(dir)]
  if (owner !== undefined) await stopControlPlane(owner)
  await Promise.all(envoys.map((envoy) => envoy.end())).catch((error: Error) => {
    throw new FatalError(error.message)
  })
  for (const guardian of guardians) terminate(guardian, 'a guardian')
  if (ownerOf(dir) === undefined) {
    await removeRuntimeDir(dir)
    await removeSharedMemory(
      dir,
      envoys.map(({ args }) => args),
    )
  }
  if (owner !== undefined) return `Stopped configurable-envoy-proxy ${owner.pid} and its Envoy`
  if (envoys.length > 0) return `Stopped Envoy ${envoys.map(({ pid }) => pid).join(', ')}, whose control plane had died`
  return nothingToStop(await otherProxies(dir), address)
}

/** @throws FatalError if another proxy has the address: then it is most likely the one that was meant */
function nothingToStop(others: readonly Other[], address: ListenAddress): string {
  const nothing = 'There is nothing to stop: no configurable-envoy-proxy runs with these options'
  if (others.length === 0) return nothing
  const meant = others.filter((other) => listensOn(other, address))
  const list = (some: readonly Other[]) => `${some.map(describe).join('; ')}. ${OTHERS_HINT}`
  if (meant.length > 0) throw new FatalError(`Nothing runs with these options, but this user runs ${list(meant)}`)
  return `${nothing}. This user runs ${list(others)}`
}

function terminate(found: ProcessIdentity, what: string): void {
  try {
    signal(found, 'SIGTERM')
  } catch (error) {
    throw new FatalError(`Process ${found.pid}, ${what}, can't be ended: ${(error as Error).message}`)
  }
}

async function stopControlPlane(owner: ProcessIdentity): Promise<void> {
  terminate(owner, 'the control plane')
  for (let waited = 0; isAlive(owner); waited += POLL_MS) {
    if (waited > STOP_LIMIT_MS) {
      throw new FatalError(
        `Process ${owner.pid}, the control plane, has not ended ${STOP_LIMIT_MS / 1000} s after SIGTERM. End it by hand.`,
      )
    }
    await delay(POLL_MS)
  }
}
