import { setTimeout as delay } from 'node:timers/promises'
import { persistActivity } from '../activity/persist.js'
import type { ReportListeners } from '../activity/service.js'
import { activityService } from '../activity/service.js'
import { createApi } from '../api/api.js'
import type { Endpoint } from '../api/call.js'
import { logLevelEndpoint } from '../api/log-level.js'
import type { DataPlane, Delivered } from '../data-plane/data-plane.js'
import type { ActivityExchange } from '../fleet/activity.js'
import type { FleetStore } from '../fleet/store.js'
import type { FleetView } from '../fleet/view.js'
import type { Metrics } from '../metrics/metrics.js'
import { Observations } from '../metrics/observations.js'
import { SystemResolver } from '../names/resolver.js'
import { membersApi } from '../operations/members.js'
import type { Recents } from '../operations/recent/recents.js'
import type { RootLogger } from '../platform/log.js'
import type { Shutdown } from '../platform/shutdown.js'
import type { OpenedStore } from '../routing/store.js'
import type { Settings } from '../settings/settings.js'
import { AdsServer } from '../xds/server.js'
import type { Core } from './core.js'
import { createCore } from './core.js'
import { figures } from './figures.js'
import { operationsEndpoints, operationsOf } from './operations.js'
import type { Servers } from './ports.js'
import { openPorts } from './ports.js'
import { RoutesInUse } from './route-figures.js'

/** How long the API waits for this control plane to be in its place among others, in milliseconds. */
const JOIN_MS = 2_000

/** How much last_activity a crash may lose. */
const KEEP_ACTIVITY_MS = 60_000

export interface ControlPlaneOptions {
  readonly settings: Settings
  readonly log: RootLogger
  readonly store: OpenedStore
  /** The same store, if other control planes may use it too. */
  readonly fleet: FleetStore | undefined
  readonly envoys: DataPlane
  readonly shutdown: Shutdown
  readonly recents: Recents
  /** Called when the ports are open, before Envoys can connect. */
  readonly beforeEnvoys: () => Promise<void>
}

/**
 * Makes the route table and all resources, opens the ports of the REST API and the metrics, and serves Envoys. All that may
 * fail comes before those: an Envoy of an earlier control plane serves on as it is if this start fails. Calls are answered
 * when Envoys can connect.
 *
 * @throws FatalError explaining why it can't start
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<Delivered> {
  const { settings, log, store, fleet, envoys, shutdown, recents } = options
  const metrics = settings.metrics && (await loadMetrics())
  const observations = new Observations(log)
  const core = await createCore({
    ...options,
    resolver: new SystemResolver(),
    onRejected: (rejection) => {
      observations.rejected()
      recents.rejected(rejection)
    },
    onWritten: (key, error) => recents.written(key, error),
    observer: observations,
  })
  const { table } = core
  const routes = metrics && new RoutesInUse({ table, hostRouting: settings.routing.hostRouting, recents })
  const servers: Servers = new Map()
  const activity = fleet?.exchangeActivity(table)
  fleet?.exchangeDoubts(core.collections.ordered.map(({ subscriptions }) => subscriptions))
  const ads = makeAdsServer(core, options, { observations, metrics, recents, routes, activity })
  const snapshot = figures({ settings, observations, core, ads, servers, store, fleet })

  const operations = operationsOf(core, settings, recents, snapshot, envoys, viewOf(fleet, ads))
  const api = createApi({
    table,
    envoys: () => ads.connected,
    log,
    place: fleet?.place,
    more: [logLevelEndpoint(log), ...membersOf(fleet, ads), ...(await operationsEndpoints(operations, settings))],
  })
  const { held, closeApi } = await openPorts({ api, metrics, snapshot, routes, servers }, options)
  await options.beforeEnvoys()
  await serveEnvoys(ads, core, servers, options)
  // Calls in flight may end before Envoys are told to go.
  shutdown.push(closeApi)
  shutdown.push(() => fleet?.place.beginLeaving())
  held.begin()
  return { ...core, restoreSocket: () => ads.restoreSocket() }
}

/** From now on Envoys connect, and get what there is. */
async function serveEnvoys(
  ads: AdsServer,
  { table, clusters }: Core,
  servers: Servers,
  { store, fleet, envoys, shutdown, log }: ControlPlaneOptions,
): Promise<void> {
  await ads.listen(envoys.xds)
  if (ads.connections !== undefined) servers.set('xds_connections', ads.connections)
  shutdown.push(() => ads.close())
  if (fleet !== undefined) shutdown.push(() => fleet.leave())
  // It ends with one more write, which a control plane that has left the others no longer makes.
  if (store.isDurable) {
    shutdown.push(persistActivity({ store: (since) => table.storeActivity(since), everyMs: KEEP_ACTIVITY_MS, log }))
  }
  if (fleet?.isFirst !== true) clusters.delivery.expectReturn(envoys.waitPolicy.startMs)
  // The first calls are not refused if all that is needed is a moment.
  if (fleet !== undefined) await Promise.race([fleet.place.firstIn, delay(JOIN_MS, undefined, { ref: false })])
}

function membersOf(fleet: FleetStore | undefined, ads: AdsServer): Endpoint[] {
  const view = viewOf(fleet, ads)
  return view === undefined ? [] : [membersApi(view)]
}

function viewOf(fleet: FleetStore | undefined, ads: AdsServer): (() => FleetView) | undefined {
  return fleet && (() => fleet.view(ads.envoys().map(({ id }) => id)))
}

function makeAdsServer(core: Core, { log, fleet, envoys }: ControlPlaneOptions, readers: ReportReaders): AdsServer {
  const { observations, recents } = readers
  const ads: AdsServer = new AdsServer({
    ...core.collections,
    services: [
      activityService(reportListeners(core, readers)),
      ...(fleet?.links.service === undefined ? [] : [fleet.links.service]),
    ],
    ...{ log, connectionsAt: envoys.connectionsAt },
    onCutOff: () => observations.envoyCutOff(),
    onDisconnected: (node) => recents.envoyDisconnected(node),
    admission: fleet?.place.admission(() => ads.dropEnvoys()),
  })
  return ads
}

/** Who reads Envoys' reports. */
interface ReportReaders {
  readonly observations: Observations
  readonly recents: Recents
  /** Undefined if metrics are not served. */
  readonly metrics: Metrics | undefined
  readonly routes: RoutesInUse | undefined
  /** Undefined if there are no other control planes. */
  readonly activity: ActivityExchange | undefined
}

/** What makes metrics is loaded only where there are some: it takes some MB. */
async function loadMetrics(): Promise<Metrics> {
  const { Metrics } = await import('../metrics/metrics.js')
  return new Metrics()
}

/** Handles Envoys' reports of what they have counted. */
function reportListeners(
  { table, publisher, errorTarget }: Core,
  { observations, metrics, recents, routes, activity }: ReportReaders,
): ReportListeners {
  return {
    onActive: (keys) => {
      const now = new Date()
      for (const key of keys) table.touch(key, now)
      activity?.active(keys)
    },
    onUnreachable: (key) => {
      publisher.unreachable(key)
      errorTarget.maybeFailing()
    },
    onRead: (seconds) => metrics?.activityRead(seconds),
    onReport: (envoy, report) => {
      observations.reported(envoy, report)
      recents.reported(envoy, report)
      routes?.reported(report)
    },
  }
}
