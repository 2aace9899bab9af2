import { randomBytes } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { activityService } from './activity/service.js'
import { serveApi } from './api/serve.js'
import type { DataPlane, Delivered } from './data-plane/data-plane.js'
import { provideErrorPages } from './error-pages.js'
import { FatalError } from './errors.js'
import { listenersOf } from './listeners.js'
import type { Logger } from './log.js'
import { Metrics } from './metrics/metrics.js'
import { serveMetrics } from './metrics/serve.js'
import { ClusterPublisher, rejectionLine } from './publisher.js'
import { PUBLIC, SECRETS_CLUSTER, TYPE_URL } from './resources/names.js'
import { resource } from './resources/resource.js'
import { routeConfiguration } from './resources/route-configuration.js'
import { secretsCluster } from './resources/tls.js'
import type { Route, RoutePublication } from './routing/route.js'
import { RouteTable } from './routing/table.js'
import { readScripts } from './scripts.js'
import { SecretPublisher } from './secrets.js'
import type { Settings } from './settings.js'
import type { OpenedStore } from './store/opened.js'
import type { Undo } from './undo.js'
import type { OnRejected } from './xds/collection.js'
import { ResourceCollection } from './xds/collection.js'
import { AdsServer } from './xds/server.js'

/** How long a change of a route waits for Envoy. JupyterHub gives up on a call after 20 s. */
const ACK_TIMEOUT_MS = 10_000

export interface ControlPlaneOptions {
  readonly settings: Settings
  readonly log: Logger
  readonly store: OpenedStore
  readonly envoys: DataPlane
  readonly undo: Undo
  /** Envoy refuses what it can't serve without. */
  readonly onFailed: (error: FatalError) => void
}

/**
 * Makes the route table and all else that Envoys get, and serves it to them, then the REST API and the metrics.
 *
 * @throws FatalError saying what is in the way
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<Delivered> {
  const { settings, log, store, envoys, undo, onFailed } = options
  const { defaultTarget, hostRouting, forwarding, limits } = settings
  const collection = (typeUrl: string, onRejected: OnRejected) =>
    new ResourceCollection({ typeUrl, ackTimeoutMs: ACK_TIMEOUT_MS, fleet: envoys.fleet, onRejected })

  const clusters = collection(TYPE_URL.cluster, (name, reason, kept) => {
    log.warn(rejectionLine(name, reason, kept))
    metrics?.rejected()
  })
  const listeners = collection(TYPE_URL.listener, (name, reason) =>
    onFailed(new FatalError(`Envoy can't serve the ${name} port: ${reason}`)),
  )
  const routeConfigurations = collection(TYPE_URL.routeConfiguration, (_name, reason) =>
    onFailed(new FatalError(`Envoy rejected the lookup of routes: ${reason}`)),
  )
  const secrets = collection(TYPE_URL.secret, (name, reason) => secretPublisher.rejected(name, reason))
  const secretPublisher = new SecretPublisher({ secrets, tls: settings.tls, log, onFailed })
  secretPublisher.start()
  undo.push(() => secretPublisher.close())

  const { certificate, authorities } = settings.tls.targets
  const targetTls = { showCertificate: certificate !== undefined, verify: authorities !== undefined }
  clusters.set(SECRETS_CLUSTER, resource(TYPE_URL.cluster, secretsCluster(targetTls)))
  const publisher = new ClusterPublisher({
    clusters,
    settings: { targetTls, hostRouting, forwarding, limits },
    recoverable: envoys.recoverable,
    lookup: (host) => lookup(host, { all: true }),
  })
  const recovered = store.isNew ? await envoys.recover() : []
  const table = new RouteTable({ store, publisher, hostRouting, now: () => new Date() })
  publisher.load(await loadRoutes(table, defaultTarget, recovered))
  const scripts = await readScripts()
  const errorPages = provideErrorPages(settings.errorPages, { clusters, tls: { targetTls }, scripts, log })
  for (const listener of listenersOf(settings, errorPages, scripts)) {
    listeners.set(listener.name, resource(TYPE_URL.listener, listener))
  }
  routeConfigurations.set(
    PUBLIC,
    resource(TYPE_URL.routeConfiguration, routeConfiguration({ hostRouting, forwarding, lookup: scripts.lookup })),
  )

  const activity = activityService({
    onActive: (key) => table.touch(key, new Date()),
    onRead: (seconds) => metrics?.activityRead(seconds),
    onReport: (report) => envoys.report(report),
  })
  const ads = new AdsServer({
    ordered: [clusters, listeners, routeConfigurations],
    onDemand: [secrets],
    services: [activity],
    log,
    connectionsAt: envoys.connectionsAt,
    onCutOff: () => metrics?.envoyCutOff(),
  })
  const metrics =
    settings.metrics &&
    new Metrics({
      totals: () => envoys.totals(),
      routes: () => table.size,
      routesRejected: () => table.refusals().size,
      envoys: () => ads.connected,
    })
  await ads.listen(envoys.xds)
  undo.push(() => ads.close())
  clusters.awaitReturn(envoys.fleet.startMs)
  if (settings.token === undefined) {
    log.warn('CONFIGPROXY_AUTH_TOKEN is not set: a random token is used, so every REST API call gets 403.')
  }
  undo.push(
    await serveApi({
      ...settings.api,
      table,
      token: settings.token ?? randomBytes(32).toString('hex'),
      envoys: () => ads.connected,
      log,
      onAnswer: (answer) => metrics?.apiAnswered(answer),
    }),
  )
  if (settings.metrics && metrics) undo.push(await serveMetrics({ at: settings.metrics, metrics, log }))
  return { clusters, listeners }
}

async function loadRoutes(
  table: RouteTable,
  defaultTarget: string | undefined,
  recovered: readonly Route[],
): Promise<RoutePublication[]> {
  try {
    return await table.load(defaultTarget, recovered)
  } catch (error) {
    if (error instanceof FatalError) throw error
    throw new FatalError(`The default target or a recovered route can't be kept: ${(error as Error).message}`)
  }
}
