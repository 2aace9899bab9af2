import { persistActivity } from '../activity/persist.js'
import type { ReportListeners } from '../activity/service.js'
import { activityService } from '../activity/service.js'
import { serveApi } from '../api/server.js'
import type { DataPlane, Delivered } from '../data-plane/data-plane.js'
import { ReportedFailures } from '../metrics/failures.js'
import type { MetricsSources } from '../metrics/metrics.js'
import { Metrics } from '../metrics/metrics.js'
import { serveMetrics } from '../metrics/serve.js'
import { SystemResolver } from '../names/resolver.js'
import { operationsApi } from '../operations/api.js'
import type { Recents } from '../operations/recent/recents.js'
import type { Logger } from '../platform/log.js'
import type { Shutdown } from '../platform/shutdown.js'
import type { OpenedStore } from '../routing/store.js'
import type { Settings } from '../settings/settings.js'
import { AdsServer } from '../xds/server.js'
import type { Core } from './core.js'
import { createCore } from './core.js'
import { operationsOf } from './operations.js'

/** How much last_activity a crash may lose. */
const KEEP_ACTIVITY_MS = 60_000

export interface ControlPlaneOptions {
  readonly settings: Settings
  readonly log: Logger
  readonly store: OpenedStore
  readonly envoys: DataPlane
  readonly shutdown: Shutdown
  readonly recents: Recents
}

/**
 * Makes the route table and all resources, and serves them to Envoys, then opens the REST API and the metrics. The API
 * is opened after the server for Envoys: a call can only be answered once Envoys can connect.
 *
 * @throws FatalError explaining why it can't start
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<Delivered> {
  const { settings, log, store, envoys, shutdown, recents } = options
  const metrics = settings.metrics && new Metrics()
  const failures = new ReportedFailures(log)
  const core = await createCore({
    ...options,
    resolver: new SystemResolver(),
    onRejected: (rejection) => {
      metrics?.rejected()
      recents.rejected(rejection)
    },
    onWritten: (key, error) => recents.written(key, error),
  })
  const { table, clusters, collections } = core
  const ads = new AdsServer({
    ...collections,
    services: [activityService(reportListeners(core, envoys, failures, metrics, recents))],
    log,
    connectionsAt: envoys.connectionsAt,
    onCutOff: () => metrics?.envoyCutOff(),
    onDisconnected: (node) => recents.envoyDisconnected(node),
  })

  if (store.isDurable) {
    shutdown.push(persistActivity({ store: (since) => table.storeActivity(since), everyMs: KEEP_ACTIVITY_MS, log }))
  }
  await ads.listen(envoys.xds)
  shutdown.push(() => ads.close())
  clusters.delivery.expectReturn(envoys.waitPolicy.startMs)
  shutdown.push(
    await serveApi({
      ...settings.api,
      table,
      envoys: () => ads.connected,
      log,
      onAnswer: (answer) => metrics?.apiAnswered(answer),
      mounts: [operationsApi(operationsOf(core, settings, recents))],
    }),
  )
  if (settings.metrics && metrics) {
    const sources: MetricsSources = {
      totals: () => envoys.totals(),
      routes: () => table.size,
      routesRejected: () => table.refusals().size,
      envoys: () => ads.connected,
      failures,
    }
    shutdown.push(await serveMetrics({ at: settings.metrics, metrics, sources, log }))
  }
  return { ...core, restoreSocket: () => ads.restoreSocket() }
}

/** Handles Envoys' reports of what they have counted. */
function reportListeners(
  { table, publisher, errorTarget }: Core,
  envoys: DataPlane,
  failures: ReportedFailures,
  metrics: Metrics | undefined,
  recents: Recents,
): ReportListeners {
  return {
    onActive: (keys) => {
      const now = new Date()
      for (const key of keys) table.touch(key, now)
    },
    onUnreachable: (key) => {
      publisher.unreachable(key)
      errorTarget.maybeFailing()
    },
    onRead: (seconds) => metrics?.activityRead(seconds),
    onReport: (envoy, report) => {
      envoys.report(report)
      failures.add(report)
      recents.reported(envoy, report)
    },
  }
}
