import { rm } from 'node:fs/promises'
import { EnvoyAdmin } from '../../envoy/admin.js'
import { newAdminKey, readAdminKey } from '../../envoy/admin-key.js'
import type { EnvoyBinary } from '../../envoy/binary/find.js'
import { findEnvoy } from '../../envoy/binary/find.js'
import { readRelease } from '../../envoy/binary/release.js'
import type { ListenAddress } from '../../platform/address.js'
import { FatalError } from '../../platform/fatal-error.js'
import type { Logger } from '../../platform/log.js'
import { standardOutputForOthers, standardOutputName } from '../../platform/log-output.js'
import type { Shutdown, ShutdownMode } from '../../platform/shutdown.js'
import { bootstrap } from '../../resources/bootstrap/bootstrap.js'
import { PUBLIC } from '../../resources/names.js'
import type { Route } from '../../routing/route.js'
import type { OpenedStore } from '../../routing/store.js'
import type { Settings } from '../../settings/settings.js'
import { NotAcknowledged } from '../../xds/errors.js'
import type { AdsListening } from '../../xds/server.js'
import { ONE_ENVOY } from '../../xds/wait-policy.js'
import type { DataPlane, Delivered, EnvoyWatcher } from '../data-plane.js'
import { makeLogFile } from './access-log-file.js'
import { adoptOrEnd, endAll, findEnvoys } from './adoption.js'
import { claim } from './claim.js'
import { EmbeddedEnvoy } from './envoy.js'
import { restoreAdminKey } from './kept-key.js'
import { portRemedy } from './port-remedy.js'
import type { EnvoyProcess } from './process.js'
import { recheckClusters, recoverRoutes } from './recovery.js'
import type { RuntimeDir } from './runtime-dir.js'
import { removeRuntimeDir, runtimeDirOf } from './runtime-dir.js'
import { removeSharedMemory } from './shared-memory.js'
import { tryOut } from './trial.js'

/** @throws FatalError if no usable Envoy can be found or fetched */
export function findBinary({ embedded: { envoyPath } }: Settings, log: Logger): Promise<EnvoyBinary> {
  const { env, arch } = process
  const progress = (line: string) => log.info(line)
  return findEnvoy({ release: readRelease(), explicit: envoyPath, env, arch, progress })
}

export interface EmbeddedOptions {
  readonly settings: Settings
  readonly binary: EnvoyBinary
  readonly store: Pick<OpenedStore, 'isDurable'>
  readonly log: Logger
  readonly shutdown: Shutdown
  readonly watcher: EnvoyWatcher
  /** Called when Envoy can't be kept running. */
  readonly onFailed: (error: FatalError) => void
}

/** The one Envoy that the control plane starts, or adopts from an earlier one, and watches. */
export class EmbeddedDataPlane implements DataPlane {
  readonly xds: AdsListening
  readonly waitPolicy = ONE_ENVOY
  readonly connectionsAt = 'debug'
  readonly recoverable: boolean
  readonly #options: EmbeddedOptions
  readonly #dir: RuntimeDir
  /** Envoys of an earlier control plane; the last one serves. */
  readonly #running: readonly EnvoyProcess[]
  readonly #admin: EnvoyAdmin
  #envoy: EmbeddedEnvoy | undefined

  private constructor(options: EmbeddedOptions, dir: RuntimeDir, running: readonly EnvoyProcess[]) {
    this.#options = options
    this.#dir = dir
    this.#running = running
    this.#admin = new EnvoyAdmin(dir.adminSocket)
    this.recoverable = options.store.isDurable
    this.xds = { address: { socketPath: dir.adsSocket }, mode: 0o600, tls: undefined }
  }

  /**
   * Claims the runtime directory and finds running Envoys.
   *
   * @throws FatalError explaining why Envoy can't be started; an Envoy that was found keeps serving
   */
  static async prepare(options: EmbeddedOptions): Promise<EmbeddedDataPlane> {
    const { settings, store, log, shutdown } = options
    if (settings.accessLog?.file !== undefined) await makeLogFile(settings.accessLog.file)
    const dir = runtimeDirOf(settings)
    const claimed = await claim(dir)
    shutdown.push(() => claimed.close())
    const found = findEnvoys(dir)
    let keepsEnvoy = store.isDurable && found.length > 0
    shutdown.push((mode) => (mode === 'abandon' && keepsEnvoy) || removeRuntimeDir(dir))
    // A stop may come before they are adopted. Without their directory nothing would find them again.
    shutdown.push(async (mode) => {
      if (mode === 'abandon') return
      await endAll(found, log)
      await removeSharedMemory(
        dir,
        found.map(({ args }) => args),
      )
    })
    await restoreAdminKey(dir.adminSocket, found).catch((error: Error) => {
      log.warn(`Could not restore the key of Envoy's admin interface, so Envoy can't be adopted: ${error.message}`)
    })
    const adopt = store.isDurable
    const running = await adoptOrEnd(found, { dir, adopt, addresses: envoyAddresses(settings), log })
    keepsEnvoy = running.length > 0
    return new EmbeddedDataPlane(options, dir, running)
  }

  /** Whether Envoy was running before this start. A start that fails leaves it as it was. */
  get #adopted(): boolean {
    return this.#running.length > 0
  }

  async recover(): Promise<Route[]> {
    if (!this.#adopted) return []
    return recoverRoutes(this.#admin, this.#options.log, new Date()).catch((error: Error) => {
      throw new FatalError(
        `The state directory has no routes, and those of the running Envoy can't be read: ${error.message}. Start again.`,
      )
    })
  }

  onUnusable(message: string): void {
    if (this.#envoy?.endSuccessor(message)) return
    const isPort = 'port' in this.#options.settings.public
    const remedy = isPort && /Permission denied/.test(message) ? `. ${portRemedy(this.#options.binary.path)}` : ''
    this.#options.onFailed(new FatalError(message + remedy))
  }

  requestsOf(cluster: string): Promise<number | undefined> {
    return this.#admin.requestsOf(cluster).catch(() => undefined)
  }

  async reopenAccessLog(): Promise<void> {
    const { settings, log } = this.#options
    const { file } = settings.accessLog ?? {}
    if (file === undefined) return
    // Envoy itself would make one that others can read.
    await makeLogFile(file).catch((error: Error) => log.error(error.message))
    this.#envoy?.reopenAccessLog()
    log.info(`The access log ${file} is opened again`)
  }

  async serve(delivered: Delivered): Promise<boolean> {
    const { settings, binary, log, shutdown } = this.#options
    const { clusters, listeners } = delivered
    log.info(`Envoy ${binary.version} is ${binary.path}`)
    this.#removeSocketAfterEnvoy()
    const envoy = await this.#makeEnvoy(delivered.restoreSocket)
    this.#envoy = envoy
    shutdown.push((mode, hurry) => (this.#keepsEnvoy(mode) ? envoy.release() : envoy.close(mode === 'drain', hurry)))
    await envoy.start()
    if (!(await envoy.ready())) return false
    await this.#confirm(listeners)
    if (!this.#adopted) return true
    await recheckClusters(this.#admin, clusters, log)
    await envoy.replaceIfArgumentsDiffer(() =>
      tryOut({ ...settings, ...settings.embedded, binary: binary.path, dir: this.#dir, delivered, log }),
    )
    return true
  }

  /** Waits until Envoy acknowledges its listeners: it reports that it is ready even if it has rejected one. */
  async #confirm({ collection, delivery }: Delivered['listeners']): Promise<void> {
    await Promise.all([...collection.names()].map((name) => delivery.delivered(name))).catch((error: Error) => {
      if (!(error instanceof NotAcknowledged)) throw error
      this.#options.log.warn(
        'Envoy is slow to acknowledge its listeners: until it does, ports and TLS may still be those of the last start',
      )
    })
  }

  async #makeEnvoy(restoreSocket: () => Promise<void>): Promise<EmbeddedEnvoy> {
    const { settings, binary, log, watcher, onFailed } = this.#options
    const { adsSocket, adminSocket } = this.#dir
    const writesToStdout = settings.accessLog !== undefined && settings.accessLog.file === undefined
    // The key is part of the bootstrap, whose hash is among Envoy's arguments: a new key would replace Envoy at each
    // start.
    const adminKey = (await readAdminKey(adminSocket)) ?? newAdminKey()
    const options = {
      binary: binary.path,
      dir: this.#dir,
      bootstrap: bootstrap({
        ...{ controlPlane: { socketPath: adsSocket }, adminSocket, adminKey },
        limits: settings.limits,
        standardOutput: writesToStdout ? standardOutputName() : undefined,
      }),
      adminKey,
      workers: settings.embedded.workers,
      stdout: writesToStdout ? standardOutputForOthers() : undefined,
      verbose: settings.process.logLevel === 'debug',
      orphanSeconds: settings.embedded.orphanSeconds,
      statPrefix: PUBLIC,
      restoreSocket,
      log,
      watcher,
      onFailed,
    }
    return EmbeddedEnvoy.make(options, this.#running)
  }

  /** Whether Envoy keeps serving after this shutdown: the failure may come from a setting that it never got. */
  #keepsEnvoy(mode: ShutdownMode): boolean {
    return mode === 'abandon' && this.#adopted
  }

  /** Envoy leaves the file of its socket behind. */
  #removeSocketAfterEnvoy(): void {
    const { settings, shutdown } = this.#options
    const { public: at } = settings
    if ('socketPath' in at) shutdown.push((mode) => this.#keepsEnvoy(mode) || rm(at.socketPath, { force: true }))
  }
}

/** Where Envoy listens, each with the subject of an error message about it. */
function envoyAddresses({ public: at, redirect }: Settings): ReadonlyArray<{ server: string; address: ListenAddress }> {
  const proxy = { server: 'The proxy', address: at }
  return redirect === undefined ? [proxy] : [proxy, { server: 'The redirection to HTTPS', address: redirect.at }]
}
