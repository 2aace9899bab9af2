import { randomBytes } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { rm, writeFile } from 'node:fs/promises'
import { activityService } from './activity/service.js'
import type { ListenAddress } from './address.js'
import { checkAddress } from './address.js'
import { announcement } from './announcement.js'
import { serveApi } from './api/serve.js'
import { EnvoyAdmin } from './envoy/admin.js'
import { findEnvoy } from './envoy/binary.js'
import { readRelease } from './envoy/release.js'
import { openRuntimeDir, removeRuntimeDir } from './envoy/runtime-dir.js'
import { EnvoySupervisor } from './envoy/supervisor.js'
import { takeOver } from './envoy/takeover.js'
import { FatalError } from './errors.js'
import { listenersOf } from './listeners.js'
import type { Logger } from './log.js'
import { Metrics } from './metrics/metrics.js'
import { serveMetrics } from './metrics/serve.js'
import { ClusterPublisher } from './publisher.js'
import { bootstrap } from './resources/bootstrap.js'
import type { TargetSettings } from './resources/cluster.js'
import { errorTargetCluster } from './resources/error-target.js'
import type { ErrorPages } from './resources/local-replies.js'
import { ERROR_TARGET, PUBLIC, SECRETS_CLUSTER, TYPE_URL } from './resources/names.js'
import { resource } from './resources/resource.js'
import { routeConfiguration } from './resources/route-configuration.js'
import { secretsCluster } from './resources/tls.js'
import { RouteTable } from './routing/table.js'
import { parseTarget } from './routing/target.js'
import type { Scripts } from './scripts.js'
import { readScripts } from './scripts.js'
import { SecretPublisher } from './secrets.js'
import type { Settings } from './settings.js'
import { openStore } from './store/open.js'
import { ResourceCollection } from './xds/collection.js'
import { AdsServer } from './xds/server.js'

/** How long a change of a route waits for Envoy. JupyterHub gives up on a call after 20 s. */
const ACK_TIMEOUT_MS = 10_000

/** A running proxy: the REST API, the ADS server and the Envoy that serves users. */
export class ConfigurableEnvoyProxy {
  readonly #settings: Settings
  readonly #log: Logger
  /** What undoes each step of the start, in the order of the steps. */
  readonly #undo: Array<(drain: boolean) => unknown> = []
  #fail: (error: FatalError) => void = () => {}

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
   * @throws FatalError saying what is in the way; what was started so far has been stopped again
   */
  async start(): Promise<void> {
    try {
      await Promise.race([this.#start(), this.failed])
    } catch (error) {
      await this.close(false)
      throw error
    }
  }

  async #start(): Promise<void> {
    const settings = this.#settings
    const log = this.#log
    if (settings.defaultTarget !== undefined) checkDefaultTarget(settings.defaultTarget)
    const binary = await findEnvoy({
      release: readRelease(),
      explicit: settings.envoyPath,
      env: process.env,
      arch: process.arch,
      progress: (line) => log.info(line),
    })

    const dir = await openRuntimeDir(runtimeDirKey(settings.public), process.env)
    await takeOver(dir, log)
    this.#undo.push(() => removeRuntimeDir(dir))
    await checkAddress('The proxy', settings.public)
    if (settings.redirect) await checkAddress('The redirection to HTTPS', settings.redirect.at)

    const clusters = this.#collection(TYPE_URL.cluster, (name, reason) => {
      log.warn(`Envoy rejected ${name}: ${reason}`)
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
    const { storageBackend: backend, defaultTarget, hostRouting, forwarding, limits } = settings
    const targetTls = { showCertificate: certificate !== undefined, verify: authorities !== undefined }
    clusters.set(SECRETS_CLUSTER, resource(TYPE_URL.cluster, secretsCluster(targetTls)))
    const publisher = new ClusterPublisher({
      clusters,
      settings: { targetTls, hostRouting, forwarding, limits },
      lookup: (host) => lookup(host, { all: true }),
    })
    const store = await openStore({ backend, defaultTarget, hostRouting, log })
    this.#undo.push(() => store.close())
    const table = new RouteTable({ store, publisher, hostRouting: settings.hostRouting, now: () => new Date() })
    publisher.load(await table.load(settings.defaultTarget))
    const scripts = await readScripts()
    const errorPages = this.#errorPages(clusters, { targetTls }, scripts)
    for (const listener of listenersOf(settings, errorPages, scripts)) {
      listeners.set(listener.name, resource(TYPE_URL.listener, listener))
    }
    routeConfigurations.set(
      PUBLIC,
      resource(TYPE_URL.routeConfiguration, routeConfiguration({ hostRouting, forwarding, lookup: scripts.lookup })),
    )

    const activity = activityService((key) => table.touch(key, new Date()))
    const ads = new AdsServer({
      ordered: [clusters, listeners, routeConfigurations],
      onDemand: [secrets],
      services: [activity],
      log,
    })
    const metrics =
      settings.metrics &&
      new Metrics({
        counters: (filter) => new EnvoyAdmin(dir.adminSocket).counters(filter),
        routes: () => table.size,
        envoys: () => ads.connected,
      })
    await ads.listen(dir.adsSocket)
    this.#undo.push(() => ads.close())
    await this.#serveApi(table, metrics)
    if (settings.metrics && metrics) this.#undo.push(await serveMetrics({ at: settings.metrics, metrics, log }))
    await this.#writePidFile()
    this.#removeSocketAfterEnvoy()

    const supervisor = new EnvoySupervisor({
      binary,
      dir,
      bootstrap: bootstrap(dir, settings.limits),
      workers: settings.workers,
      verbose: settings.logLevel === 'debug',
      statPrefix: PUBLIC,
      log,
      onFailed: (error) => this.#fail(error),
    })
    this.#undo.push((drain) => supervisor.close(drain))
    await supervisor.start()
    if (await supervisor.ready()) for (const line of announcement(settings)) log.info(line)
  }

  #collection(typeUrl: string, onRejected: (name: string, reason: string) => void): ResourceCollection {
    return new ResourceCollection({ typeUrl, ackTimeoutMs: ACK_TIMEOUT_MS, onRejected })
  }

  /** Makes the cluster of the error target, if there is one. */
  #errorPages(clusters: ResourceCollection, tls: TargetSettings, scripts: Scripts): ErrorPages {
    const { target, pages } = this.#settings.errorPages
    if (pages?.byStatus.size === 0 && pages.other === undefined) {
      this.#log.warn('--error-path has neither error.html nor a page such as 404.html: users get the built-in pages')
    }
    if (target === undefined) return pages === undefined ? {} : { pages }
    clusters.set(ERROR_TARGET, resource(TYPE_URL.cluster, errorTargetCluster(target.target, tls)))
    return { target: { request: target.request, script: scripts.errorPage } }
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
    if ('socketPath' in at) this.#undo.push(() => rm(at.socketPath, { force: true }))
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
  async close(drain: boolean): Promise<void> {
    for (let undo = this.#undo.pop(); undo !== undefined; undo = this.#undo.pop()) await undo(drain)
  }
}

/** The same for every start with the same public address. */
function runtimeDirKey(at: ListenAddress): string {
  return 'socketPath' in at ? at.socketPath : `${at.host}-${at.port}`
}

function checkDefaultTarget(target: string): void {
  try {
    parseTarget(target)
  } catch (error) {
    throw new FatalError(`--default-target: ${(error as Error).message}`)
  }
}
