import { constants, rm, writeFile } from 'node:fs/promises'
import { startControlPlane } from '../../../control-plane/control-plane.js'
import type { DataPlane } from '../../../data-plane/data-plane.js'
import { EmbeddedDataPlane, findBinary } from '../../../data-plane/embedded/embedded.js'
import { ExternalDataPlane } from '../../../data-plane/external.js'
import type { FleetStore } from '../../../fleet/store.js'
import { Recents } from '../../../operations/recent/recents.js'
import { publicAddressOf } from '../../../platform/address.js'
import { FatalError } from '../../../platform/fatal-error.js'
import type { RootLogger } from '../../../platform/log.js'
import { packageVersion } from '../../../platform/package.js'
import { Shutdown } from '../../../platform/shutdown.js'
import type { OpenedStore } from '../../../routing/store.js'
import { isSharedMachine } from '../../../settings/machine.js'
import type { Settings } from '../../../settings/settings.js'
import { openStore } from '../../../store/open/open.js'
import type { SharedStore } from '../../../store/shared.js'
import { isShared } from '../../../store/shared.js'
import { announcement } from './announcement.js'

/** In a directory that everybody can write to, others may have put a link to one of our files. */
const NOT_THROUGH_LINKS = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW

/** A running proxy: the REST API, the ADS server and, if it is ours, the Envoy that serves users. */
export class ConfigurableEnvoyProxy {
  readonly #settings: Settings
  readonly #log: RootLogger
  readonly #shutdown: Shutdown
  #envoys: DataPlane | undefined
  #started = false
  #fail: (error: FatalError) => void = () => {}

  /** Rejects if the proxy can't go on; never resolves. */
  readonly failed = new Promise<never>((_resolve, reject) => {
    this.#fail = reject
  })

  constructor(settings: Settings, log: RootLogger) {
    this.#settings = settings
    this.#log = log
    this.#shutdown = new Shutdown((error) => log.error(`Not everything could be cleaned up: ${error.message}`))
    // The caller awaits it later; until then a failure must not count as an unhandled rejection.
    this.failed.catch(() => {})
  }

  /**
   * Resolves once its ports serve.
   *
   * @throws FatalError explaining why it can't start; everything that was started has been stopped again, and an
   *   adopted Envoy keeps serving as before
   */
  async start(): Promise<void> {
    try {
      await Promise.race([this.#start(), this.failed])
    } catch (error) {
      await this.abandon()
      throw error
    }
  }

  async #start(): Promise<void> {
    const parts = {
      settings: this.#settings,
      log: this.#log,
      shutdown: this.#shutdown,
      onFailed: (error: FatalError) => this.#fail(error),
    }
    const recents = new Recents(() => new Date())
    // Before anything is touched: without an Envoy there is nothing to start.
    const envoy = this.#settings.external ?? (await findBinary(this.#settings, this.#log))
    const opened = await this.#openStore()
    const fleet = isShared(opened) ? await this.#asMember(opened) : undefined
    const store = fleet ?? opened
    const own = this.#settings.routing.defaultTarget === undefined ? 0 : 1
    this.#shutdown.push(() => (this.#started ? store.close() : store.discard(own)))
    const envoys =
      'path' in envoy
        ? await EmbeddedDataPlane.prepare({ ...parts, binary: envoy, store, watcher: recents })
        : await ExternalDataPlane.prepare(envoy, fleet?.place.canMove === true, this.#log)
    this.#envoys = envoys
    const beforeEnvoys = () => this.#writePidFile()
    const delivered = await startControlPlane({ ...parts, store, fleet, envoys, recents, beforeEnvoys })
    // Not earlier: a start that fails prints one line only.
    this.#log.info(`configurable-envoy-proxy ${packageVersion()} on Node.js ${process.version.slice(1)}`)
    if (!(await envoys.serve(delivered))) return
    this.#started = true
    for (const line of announcement(this.#settings, delivered.table.get('/')?.data.target)) this.#log.info(line)
  }

  /** Makes Envoys open the file of the access log again. */
  async reopenAccessLog(): Promise<void> {
    await this.#envoys?.reopenAccessLog()
  }

  async #openStore(): Promise<OpenedStore> {
    const { store: settings, public: at, routing } = this.#settings
    return openStore({
      ...settings,
      publicAddress: publicAddressOf(at),
      env: process.env,
      isShared: isSharedMachine(),
      ...routing,
      log: this.#log,
    })
  }

  /** Other control planes may use the store: this one takes its place among them. */
  async #asMember(store: SharedStore): Promise<FleetStore> {
    const { external } = this.#settings
    const address = external?.memberAddress
    // At a unix socket there is an Envoy that has no other control plane.
    const canMove = external !== undefined && 'port' in external.address
    if (canMove && address === undefined) {
      this.#log.warn('Other control planes of these routes can not reach this one: add --member-address')
    }
    // It takes 4 MB, which a proxy with routes of its own doesn't need.
    const { FleetStore } = await import('../../../fleet/store.js')
    return new FleetStore({ store, address, tls: external?.tls, canMove, log: this.#log })
  }

  async #writePidFile(): Promise<void> {
    const { pidFile } = this.#settings.process
    if (pidFile === undefined) return
    await writeFile(pidFile, String(process.pid), { flag: NOT_THROUGH_LINKS }).catch((error: NodeJS.ErrnoException) => {
      const reason = error.code === 'ELOOP' ? `${pidFile} is a symbolic link. Name the file itself.` : error.message
      throw new FatalError(`The --pid-file can't be written: ${reason}`)
    })
    this.#shutdown.push(() => rm(pidFile, { force: true }))
  }

  /**
   * Stops everything and frees the ports.
   *
   * @param drain whether requests in flight get some seconds to end
   */
  close(drain: boolean): Promise<void> {
    return this.#shutdown.run(drain ? 'drain' : 'at once')
  }

  /** Stops after a failure. An adopted Envoy keeps serving: it may never have got the setting that failed. */
  abandon(): Promise<void> {
    return this.#shutdown.run('abandon')
  }
}
