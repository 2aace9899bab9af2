import type { Api } from '../api/api.js'
import { authorize } from '../api/auth.js'
import { HeldCalls } from '../api/held-calls.js'
import { serveApi } from '../api/server.js'
import type { ServerConnections } from '../metrics/limits.js'
import type { Metrics } from '../metrics/metrics.js'
import type { ConnectionCount } from '../metrics/observations.js'
import type { ServedPage } from '../metrics/serve.js'
import { serveMetrics } from '../metrics/serve.js'
import type { Snapshot } from '../metrics/snapshot.js'
import type { Logger } from '../platform/log.js'
import type { Shutdown } from '../platform/shutdown.js'
import type { Settings } from '../settings/settings.js'
import type { RoutesInUse } from './route-figures.js'

/** The connections that each server has. */
export type Servers = Map<ServerConnections['limit'], ConnectionCount>

/** What is served there. */
interface Served {
  readonly api: Api
  /** Undefined if metrics are not served, as the figures of single routes. */
  readonly metrics: Metrics | undefined
  readonly routes: RoutesInUse | undefined
  readonly snapshot: () => Promise<Snapshot>
  readonly servers: Servers
}

/**
 * Opens the ports of the REST API and the metrics. Calls of the API are held.
 *
 * @throws FatalError if nothing can listen there
 */
export async function openPorts(
  { api, metrics, snapshot, routes, servers }: Served,
  { settings, log, shutdown }: { readonly settings: Settings; readonly log: Logger; readonly shutdown: Shutdown },
): Promise<{ readonly held: HeldCalls; readonly closeApi: () => Promise<void> }> {
  const held = new HeldCalls()
  const closeApi = await serveApi({
    ...settings.api,
    api: held.hold(api),
    log,
    onAnswer: (answer) => metrics?.apiAnswered(answer),
    onConnections: (connections) => servers.set('api_connections', connections),
  })
  shutdown.push(closeApi)
  shutdown.push(() => held.giveUp())
  if (settings.metrics && metrics) {
    const pages = metricsPages(metrics, snapshot, routes, settings)
    const onConnections = (connections: ConnectionCount) => void servers.set('metrics_connections', connections)
    shutdown.push(await serveMetrics({ at: settings.metrics, pages, onConnections, log }))
  }
  return { held, closeApi }
}

/** Single routes are shown only to those who may use the REST API. */
function metricsPages(
  metrics: Metrics,
  snapshot: () => Promise<Snapshot>,
  routes: RoutesInUse | undefined,
  { api }: Settings,
): ServedPage[] {
  return [
    { path: '/metrics', make: async () => metrics.page(await snapshot()) },
    {
      path: '/metrics/routes',
      make: async () => metrics.routesPage(routes?.figures() ?? []),
      mayAsk: authorize(api.token),
    },
  ]
}
