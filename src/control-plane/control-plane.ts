import { keepActivity } from '../activity/keep.js'
import { activityService } from '../activity/service.js'
import { serveApi } from '../api/serve.js'
import type { DataPlane, Delivered } from '../data-plane/data-plane.js'
import { ReportedFailures } from '../metrics/failures.js'
import { Metrics } from '../metrics/metrics.js'
import { serveMetrics } from '../metrics/serve.js'
import { SystemResolver } from '../names/resolver.js'
import type { Logger } from '../platform/log.js'
import type { Undo } from '../platform/shutdown.js'
import type { OpenedStore } from '../routing/store.js'
import type { Settings } from '../settings/settings.js'
import { AdsServer } from '../xds/server.js'
import { createCore } from './core.js'

/** How much of when routes were last active a sudden end of the control plane may take back. */
const KEEP_ACTIVITY_MS = 60_000

export interface ControlPlaneOptions {
  readonly settings: Settings
  readonly log: Logger
  readonly store: OpenedStore
  readonly envoys: DataPlane
  readonly undo: Undo
}

/**
 * Makes the route table and all else that Envoys get, and serves it to them, then the REST API and the metrics.
 *
 * @throws FatalError saying what is in the way
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<Delivered> {
  const { settings, log, store, envoys, undo } = options
  const { table, clusters, publisher, collections, ...core } = await createCore({
    ...options,
    resolver: new SystemResolver(),
    onClusterRejected: () => metrics?.rejected(),
  })
  if (store.isDurable) {
    undo.push(keepActivity({ store: (since) => table.storeActivity(since), everyMs: KEEP_ACTIVITY_MS, log }))
  }
  const failures = new ReportedFailures(log)
  const activity = activityService({
    onActive: (key) => table.touch(key, new Date()),
    onUnreachable: (key) => publisher.unreachable(key),
    onRead: (seconds) => metrics?.activityRead(seconds),
    onReport: (report) => {
      envoys.report(report)
      failures.add(report)
    },
  })
  const ads = new AdsServer({
    ...collections,
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
      failures,
    })
  await ads.listen(envoys.xds)
  undo.push(() => ads.close())
  clusters.awaitReturn(envoys.fleet.startMs)
  undo.push(
    await serveApi({
      ...settings.api,
      table,
      envoys: () => ads.connected,
      log,
      onAnswer: (answer) => metrics?.apiAnswered(answer),
    }),
  )
  if (settings.metrics && metrics) undo.push(await serveMetrics({ at: settings.metrics, metrics, log }))
  return { ...core, table, clusters, collections, restoreSocket: () => ads.restoreSocket() }
}
