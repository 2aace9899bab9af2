import { rm } from 'node:fs/promises'
import { EnvoyAdmin } from '../../envoy/admin.js'
import { newAdminKey, readAdminKey } from '../../envoy/admin-key.js'
import { findEnvoy } from '../../envoy/binary/find.js'
import { readRelease } from '../../envoy/binary/release.js'
import type { Counters } from '../../metrics/request-totals.js'
import { RequestTotals } from '../../metrics/request-totals.js'
import { TRAFFIC_COUNTERS } from '../../metrics/traffic.js'
import { FatalError } from '../../platform/fatal-error.js'
import type { Logger } from '../../platform/log.js'
import type { Undo } from '../../platform/shutdown.js'
import { bootstrap } from '../../resources/bootstrap/bootstrap.js'
import { PUBLIC } from '../../resources/names.js'
import type { Route } from '../../routing/route.js'
import type { OpenedStore } from '../../routing/store.js'
import type { Settings } from '../../settings/settings.js'
import { NotAcknowledged } from '../../xds/errors.js'
import type { AdsListening } from '../../xds/server.js'
import { ONE_ENVOY } from '../../xds/wait-policy.js'
import type { DataPlane, Delivered } from '../data-plane.js'
import { findEnvoys, selectRunning } from './adoption.js'
import { claim } from './claim.js'
import { EmbeddedEnvoy } from './envoy.js'
import { restoreAdminKey } from './kept-key.js'
import { envoyAddresses, runtimeDirOf } from './places.js'
import type { EnvoyProcess } from './process.js'
import { recheckClusters, recoverRoutes } from './recovery.js'
import type { RuntimeDir } from './runtime-dir.js'
import { removeRuntimeDir } from './runtime-dir.js'
import { tryOut } from './trial.js'

export interface EnvoysOptions {
  readonly settings: Settings
  readonly log: Logger
  readonly undo: Undo
  /** Envoy can't be kept running. */
  readonly onFailed: (error: FatalError) => void
}

/** The one Envoy that the control plane starts, or finds still running from before, and watches. */
export class EmbeddedEnvoys implements DataPlane {
  readonly xds: AdsListening
  readonly waitPolicy = ONE_ENVOY
  readonly connectionsAt = 'debug'
  recoverable = false
  adopted = false
  readonly #options: EnvoysOptions
  readonly #binary: string
  readonly #version: string
  readonly #dir: RuntimeDir
  readonly #admin: EnvoyAdmin
  readonly #totals: RequestTotals
  #running: readonly EnvoyProcess[] = []
  #envoy: EmbeddedEnvoy | undefined

  private constructor(options: EnvoysOptions, binary: string, version: string) {
    this.#options = options
    this.#binary = binary
    this.#version = version
    this.#dir = runtimeDirOf(options.settings)
    this.#admin = new EnvoyAdmin(this.#dir.adminSocket)
    this.#totals = new RequestTotals(() => this.#admin.counters(TRAFFIC_COUNTERS))
    this.xds = { address: { socketPath: this.#dir.adsSocket }, mode: 0o600, tls: undefined }
  }

  /** @throws FatalError if there is no Envoy to be had */
  static async find(options: EnvoysOptions): Promise<EmbeddedEnvoys> {
    const { settings, log } = options
    let version = ''
    const binary = await findEnvoy({
      release: readRelease(),
      explicit: settings.embedded.envoyPath,
      env: process.env,
      arch: process.arch,
      progress: (line) => log.info(line),
      onFound: (found) => {
        version = found
      },
    })
    return new EmbeddedEnvoys(options, binary, version)
  }

  async prepare(store: OpenedStore): Promise<void> {
    const { settings, log, undo } = this.#options
    const claimed = await claim(this.#dir)
    undo.push(() => claimed.close())
    undo.push((how) => how === 'release' || removeRuntimeDir(this.#dir))
    const found = findEnvoys(this.#dir)
    await restoreAdminKey(this.#dir.adminSocket, found).catch((error: Error) => {
      log.warn(`The key of Envoy's admin interface can't be kept, so Envoy can't be gone on with: ${error.message}`)
    })
    this.recoverable = store.isDurable
    this.adopted = store.isDurable && found.length > 0
    this.#running = await selectRunning(found, {
      dir: this.#dir,
      adopt: store.isDurable,
      addresses: envoyAddresses(settings),
      log,
    })
    this.adopted = this.#running.length > 0
  }

  async recover(): Promise<Route[]> {
    if (!this.adopted) return []
    return recoverRoutes(this.#admin, this.#options.log, new Date()).catch((error: Error) => {
      throw new FatalError(
        `The state directory has no routes, and those of the running Envoy can't be read: ${error.message}. Start again.`,
      )
    })
  }

  totals(): Promise<Counters> {
    return this.#totals.now()
  }

  refused(message: string): void {
    if (this.#envoy?.refuseSuccessor(message)) return
    const isPort = 'port' in this.#options.settings.public
    const remedy = isPort && /Permission denied/.test(message) ? `. ${portRemedy(this.#binary)}` : ''
    this.#options.onFailed(new FatalError(message + remedy))
  }

  /** The same is asked of Envoy itself, when it is wanted. */
  report(): void {}

  async serve(delivered: Delivered): Promise<boolean> {
    const { settings, log, undo } = this.#options
    const { clusters, listeners } = delivered
    log.info(`Envoy ${this.#version} is ${this.#binary}`)
    this.#removeSocketAfterEnvoy()
    const envoy = await this.#makeEnvoy(delivered.restoreSocket)
    this.#envoy = envoy
    undo.push((how, hurry) => (how === 'release' ? envoy.release() : envoy.close(how === 'drain', hurry)))
    await envoy.start()
    if (!(await envoy.ready())) return false
    // Envoy calls itself ready also without a listener that it refused.
    await Promise.all([...listeners.collection.names()].map((name) => listeners.delivery.delivered(name))).catch(
      (error: Error) => {
        if (!(error instanceof NotAcknowledged)) throw error
        log.warn(
          'Envoy is slow to confirm its listeners: until it has, ports and TLS may be as they were before this start',
        )
      },
    )
    if (!this.adopted) return true
    await recheckClusters(this.#admin, clusters, log)
    const { limits, embedded } = settings
    const { workers } = embedded
    await envoy.renew(() => tryOut({ limits, workers, binary: this.#binary, dir: this.#dir, delivered, log }))
    return true
  }

  async #makeEnvoy(restoreSocket: () => Promise<void>): Promise<EmbeddedEnvoy> {
    const { settings, log, onFailed } = this.#options
    const { adsSocket, adminSocket } = this.#dir
    // Always the same, so that the Envoy of an earlier start is one with these settings.
    const adminKey = (await readAdminKey(adminSocket)) ?? newAdminKey()
    const options = {
      binary: this.#binary,
      dir: this.#dir,
      bootstrap: bootstrap({
        ...{ controlPlane: { socketPath: adsSocket }, adminSocket, adminKey },
        limits: settings.limits,
      }),
      adminKey,
      workers: settings.embedded.workers,
      verbose: settings.process.logLevel === 'debug',
      orphanSeconds: settings.embedded.orphanSeconds,
      statPrefix: PUBLIC,
      restoreSocket,
      log,
      onFailed,
    }
    return EmbeddedEnvoy.make(options, this.#running)
  }

  /** Envoy leaves the file of its socket behind. */
  #removeSocketAfterEnvoy(): void {
    const { settings, undo } = this.#options
    const { public: at } = settings
    if ('socketPath' in at) undo.push((how) => how === 'release' || rm(at.socketPath, { force: true }))
  }
}

/** Rights to ports below 1024 that `setcap` gave to node don't pass on to the programs that node starts. */
function portRemedy(binary: string): string {
  return (
    'Ports below 1024 need a right that Envoy itself must have: run `sudo setcap cap_net_bind_service=+ep ' +
    `${binary}\`, or for a systemd service set AmbientCapabilities=CAP_NET_BIND_SERVICE.`
  )
}
