import { randomBytes } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { rm, writeFile } from 'node:fs/promises'
import { keepActivity } from './activity/keep.js'
import { activityService } from './activity/service.js'
import { publicAddressOf } from './address.js'
import { announcement } from './announcement.js'
import { serveApi } from './api/serve.js'
import { EnvoyAdmin } from './envoy/admin.js'
import { claim, selectRunning } from './envoy/adoption.js'
import { findEnvoy } from './envoy/binary.js'
import { EmbeddedEnvoy } from './envoy/embedded.js'
import { readRelease } from './envoy/release.js'
import { makeRuntimeDir, removeRuntimeDir } from './envoy/runtime-dir.js'
import { provideErrorPages } from './error-pages.js'
import { FatalError, NotAcknowledgedError } from './errors.js'
import { listenersOf } from './listeners.js'
import type { Logger } from './log.js'
import { Metrics } from './metrics/metrics.js'
import { serveMetrics } from './metrics/serve.js'
import { envoyAddresses, runtimeDirOf } from './places.js'
import { ClusterPublisher, rejectionLine, unusableLine } from './publisher.js'
import { recheckClusters, recoverRoutes } from './recovery.js'
import { bootstrap } from './resources/bootstrap.js'
import { PUBLIC, SECRETS_CLUSTER, TYPE_URL } from './resources/names.js'
import { resource } from './resources/resource.js'
import { routeConfiguration } from './resources/route-configuration.js'
import { secretsCluster } from './resources/tls.js'
import type { Route, RoutePublication } from './routing/route.js'
import { RouteTable } from './routing/table.js'
import { readScripts } from './scripts.js'
import { SecretPublisher } from './secrets.js'
import type { Settings } from './settings.js'
import { openStore } from './store/open.js'
import type { OnRejected } from './xds/collection.js'
import { ResourceCollection } from './xds/collection.js'
import { AdsServer } from './xds/server.js'

/** How long a change of a route waits for Envoy. JupyterHub gives up on a call after 20 s. */
const ACK_TIMEOUT_MS = 10_000

/** How much of when routes were last active a sudden end of the control plane may take back. */
const KEEP_ACTIVITY_MS = 60_000

/** How the proxy ends: after requests under way, at once, or without Envoy, which goes on. */
type Ending = 'drain' | 'at once' | 'release'

/** A running proxy: the REST API, the ADS server and the Envoy that serves users. */
export class ConfigurableEnvoyProxy {
  readonly #settings: Settings
  readonly #log: Logger
  /** What undoes each step of the start, in the order of the steps. */
  readonly #undo: Array<(how: Ending) => unknown> = []
  #fail: (error: FatalError) => void = () => {}
  /** Whether Envoy was running before this start. */
  #adopted = false

  /** Settles only if the proxy can't go on. */
  readonly failed = new Promise<never>((_resolve, reject) => {
    this.#fail = reject
  })

  constructor(settings: Settings, log: Logger) {
    this.#settings = settings
    this.#log = log
    // Whoever starts the proxy waits for it; until then a failure is no unhandled one.
    this.failed.catch(() => {})
  }

  /**
   * Resolves once both ports serve.
   *
   * @throws FatalError saying what is in the way; what was started so far has been stopped again, and an Envoy that was
   *   found running serves on as before
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
    const settings = this.#settings
    const log = this.#log
    const binary = await findEnvoy({
      release: readRelease(),
      explicit: settings.envoyPath,
      env: process.env,
      arch: process.arch,
      progress: (line) => log.info(line),
    })

    const { defaultTarget, hostRouting, forwarding, limits } = settings
    const publicAddress = publicAddressOf(settings.public)
    const store = await openStore({
      ...settings.store,
      publicAddress,
      env: process.env,
      defaultTarget,
      hostRouting,
      log,
    })
    this.#undo.push(() => store.close())
    const dir = runtimeDirOf(settings)
    await makeRuntimeDir(dir)
    const found = await claim(dir)
    this.#undo.push((how) => how === 'release' || removeRuntimeDir(dir))
    this.#adopted = store.isDurable && found.length > 0
    const running = await selectRunning(found, {
      dir,
      adopt: store.isDurable,
      addresses: envoyAddresses(settings),
      log,
    })
    this.#adopted = running.length > 0
    const admin = new EnvoyAdmin(dir.adminSocket)

    const clusters = this.#collection(TYPE_URL.cluster, (name, reason, kept) => {
      log.warn(rejectionLine(name, reason, kept))
      metrics?.rejected()
    })
    const listeners = this.#collection(TYPE_URL.listener, (name, reason) =>
      this.#fail(new FatalError(`Envoy can't serve the ${name} port: ${reason}`)),
    )
    const routeConfigurations = this.#collection(TYPE_URL.routeConfiguration, (_name, reason) =>
      this.#fail(new FatalError(`Envoy rejected the lookup of routes: ${reason}`)),
    )
    const secrets = this.#collection(TYPE_URL.secret, (name, reason) => secretPublisher.rejected(name, reason))
    const secretPublisher = new SecretPublisher({
      secrets,
      tls: settings.tls,
      log,
      onFailed: (error) => this.#fail(error),
    })
    secretPublisher.start()
    this.#undo.push(() => secretPublisher.close())

    const { certificate, authorities } = settings.tls.targets
    const targetTls = { showCertificate: certificate !== undefined, verify: authorities !== undefined }
    clusters.set(SECRETS_CLUSTER, resource(TYPE_URL.cluster, secretsCluster(targetTls)))
    const publisher = new ClusterPublisher({
      clusters,
      settings: { targetTls, hostRouting, forwarding, limits },
      recoverable: store.isDurable,
      lookup: (host) => lookup(host, { all: true }),
    })
    const recovered = this.#adopted && store.isNew ? await recoverRoutes(admin, log, new Date()) : []
    const table = new RouteTable({ store, publisher, hostRouting: settings.hostRouting, now: () => new Date() })
    publisher.load(await loadRoutes(table, { defaultTarget, recovered, log }))
    if (store.isDurable) {
      const options = { store: (since: Date) => table.storeActivity(since), everyMs: KEEP_ACTIVITY_MS, log }
      this.#undo.push(keepActivity(options))
    }
    const scripts = await readScripts()
    const errorPages = provideErrorPages(settings.errorPages, { clusters, tls: { targetTls }, scripts, log })
    for (const listener of listenersOf(settings, errorPages, scripts)) {
      listeners.set(listener.name, resource(TYPE_URL.listener, listener))
    }
    routeConfigurations.set(
      PUBLIC,
      resource(TYPE_URL.routeConfiguration, routeConfiguration({ hostRouting, forwarding, lookup: scripts.lookup })),
    )

    const activity = activityService(
      (key) => table.touch(key, new Date()),
      (seconds) => metrics?.activityRead(seconds),
    )
    const ads = new AdsServer({
      ordered: [clusters, listeners, routeConfigurations],
      onDemand: [secrets],
      services: [activity],
      log,
    })
    const metrics =
      settings.metrics &&
      new Metrics({
        counters: (filter) => admin.counters(filter),
        routes: () => table.size,
        routesRejected: () => table.refusals().size,
        envoys: () => ads.connected,
      })
    await ads.listen(dir.adsSocket)
    this.#undo.push(() => ads.close())
    await this.#serveApi(table, metrics)
    if (settings.metrics && metrics) this.#undo.push(await serveMetrics({ at: settings.metrics, metrics, log }))
    await this.#writePidFile()
    this.#removeSocketAfterEnvoy()

    const options = {
      binary,
      dir,
      bootstrap: bootstrap(dir, settings.limits),
      workers: settings.workers,
      verbose: settings.logLevel === 'debug',
      orphanSeconds: settings.supervision.orphanSeconds,
      statPrefix: PUBLIC,
      log,
      onFailed: (error: FatalError) => this.#fail(error),
    }
    const envoy = await EmbeddedEnvoy.start(options, running)
    this.#undo.push((how) => (how === 'release' ? envoy.release() : envoy.close(how === 'drain')))
    if (!(await envoy.ready())) return
    if (this.#adopted) {
      await listeners.delivered(PUBLIC).catch((error: Error) => {
        if (!(error instanceof NotAcknowledgedError)) throw error
        log.warn(`The running Envoy has not taken the present settings yet: ${error.message}`)
      })
      await recheckClusters(admin, clusters)
      await envoy.renew()
    }
    for (const line of announcement(settings)) log.info(line)
  }

  #collection(typeUrl: string, onRejected: OnRejected): ResourceCollection {
    return new ResourceCollection({ typeUrl, ackTimeoutMs: ACK_TIMEOUT_MS, onRejected })
  }

  async #serveApi(table: RouteTable, metrics: Metrics | undefined): Promise<void> {
    const { token, api } = this.#settings
    if (token === undefined) {
      this.#log.warn('CONFIGPROXY_AUTH_TOKEN is not set: a random token is used, so every REST API call gets 403.')
    }
    const close = await serveApi({
      ...api,
      table,
      token: token ?? randomBytes(32).toString('hex'),
      log: this.#log,
      onAnswer: (answer) => metrics?.apiAnswered(answer),
    })
    this.#undo.push(close)
  }

  /** Envoy leaves the file of its socket behind. */
  #removeSocketAfterEnvoy(): void {
    const { public: at } = this.#settings
    if ('socketPath' in at) this.#undo.push((how) => how === 'release' || rm(at.socketPath, { force: true }))
  }

  async #writePidFile(): Promise<void> {
    const { pidFile } = this.#settings
    if (pidFile === undefined) return
    await writeFile(pidFile, String(process.pid)).catch((error: Error) => {
      throw new FatalError(`The --pid-file can't be written: ${error.message}`)
    })
    this.#undo.push(() => rm(pidFile, { force: true }))
  }

  /**
   * Stops everything and frees the ports.
   *
   * @param drain whether requests under way get some seconds to end
   */
  close(drain: boolean): Promise<void> {
    return this.#end(drain ? 'drain' : 'at once')
  }

  /** Stops after a failure. An Envoy that was found running serves on: the failure may be a setting it never took. */
  abandon(): Promise<void> {
    return this.#end(this.#adopted ? 'release' : 'at once')
  }

  async #end(how: Ending): Promise<void> {
    for (let undo = this.#undo.pop(); undo !== undefined; undo = this.#undo.pop()) await undo(how)
  }
}

async function loadRoutes(
  table: RouteTable,
  { defaultTarget, recovered, log }: { defaultTarget: string | undefined; recovered: readonly Route[]; log: Logger },
): Promise<RoutePublication[]> {
  try {
    const routes = await table.load(defaultTarget, recovered)
    for (const [routespec, reason] of table.refusals()) log.warn(unusableLine(routespec, reason))
    return routes
  } catch (error) {
    if (error instanceof FatalError) throw error
    throw new FatalError(`The default target or a recovered route can't be kept: ${(error as Error).message}`)
  }
}
