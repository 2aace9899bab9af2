import { Counter, collectDefaultMetrics, Gauge, Registry, Summary } from 'prom-client'
import type { ReportedFailures } from './failures.js'
import type { Counters } from './request-totals.js'
import { traffic } from './traffic.js'

/** Values that are read when metrics are scraped. */
export interface MetricsSources {
  /** The counters that {@link traffic} needs, as far as they are known. */
  readonly totals: () => Promise<Counters>
  /** Routes in the table. */
  readonly routes: () => number
  /** Routes that an Envoy refuses. */
  readonly routesRejected: () => number
  /** Connected Envoys. */
  readonly envoys: () => number
  readonly failures: Pick<ReportedFailures, 'byKind' | 'byLimit'>
}

/**
 * CHP's metrics, under its names, and a few of our own that begin with `cep_`. No label names a route or a user: the
 * page stays small and tells strangers nothing about users.
 */
export class Metrics {
  readonly #registry = new Registry()

  readonly #routeGets = this.#counter('api_route_get', 'Requests for the whole route table')
  readonly #routeAdds = this.#counter('api_route_add', 'Requests that added or replaced a route')
  readonly #routeDeletes = this.#counter('api_route_delete', 'Requests to delete a route')
  readonly #api = this.#counter('requests_api', 'Requests to the REST API', ['status'])
  readonly #web = this.#counter('requests_web', 'Requests of users, without websockets')
  readonly #websockets = this.#counter('requests_ws', 'Websockets that users asked for')
  readonly #proxied = this.#counter('requests_proxy', 'Answers to requests of users', ['status'])
  readonly #rejections = this.#counter('cep_rejected_resources_total', 'Times that Envoy rejected a resource')
  readonly #cutOff = this.#counter(
    'cep_envoys_cut_off_total',
    'Times that an Envoy did not answer while others did, and was given up',
  )
  readonly #failed = this.#counter(
    'cep_failed_requests_total',
    'Requests of users that Envoy itself made fail, by reason',
    ['reason'],
  )
  readonly #refused = this.#counter(
    'cep_closed_connections_total',
    'Connections of users that Envoy closed at a limit, before any request',
    ['limit'],
  )
  readonly #activity = new Summary({
    name: 'last_activity_updating',
    help: "Seconds that reading an Envoy's report of active routes took",
    registers: [this.#registry],
  })
  readonly #routes = this.#gauge('cep_routes', 'Routes in the table')
  readonly #routesRejected = this.#gauge('cep_routes_rejected', 'Routes in the table that Envoy refuses')
  readonly #envoys = this.#gauge('cep_envoys_connected', 'Envoys that take their configuration from here')
  /**
   * The value shown last, so that it never falls: a health check counts as a request slightly before it counts as one.
   */
  #webShown = 0

  constructor() {
    collectDefaultMetrics({ register: this.#registry })
    new Summary({
      name: 'find_target_for_req',
      help: 'Always empty: Envoy finds targets and does not time it',
      registers: [this.#registry],
    })
  }

  /** The REST API has answered. Which counter counts which request is CHP's choice. */
  apiAnswered({ method, path, status }: { method: string; path: string; status: number }): void {
    this.#api.inc({ status })
    if (!/^\/api\/routes(\/|$)/.test(path)) return
    if (method === 'GET' && status === 200 && /^\/api\/routes\/?$/.test(path)) this.#routeGets.inc()
    if (method === 'POST' && status === 201) this.#routeAdds.inc()
    if (method === 'DELETE' && (status === 204 || status === 404)) this.#routeDeletes.inc()
  }

  /** Envoy refused a resource. */
  rejected(): void {
    this.#rejections.inc()
  }

  /** The connection to an Envoy that didn't answer was closed. */
  envoyCutOff(): void {
    this.#cutOff.inc()
  }

  /** A report of active routes has been read. */
  activityRead(seconds: number): void {
    this.#activity.observe(seconds)
  }

  /** The page for Prometheus. */
  async page(sources: MetricsSources): Promise<{ readonly contentType: string; readonly body: string }> {
    const { web, websockets, byStatus } = traffic(await sources.totals())
    this.#webShown = Math.max(this.#webShown, web)
    for (const counter of [this.#web, this.#websockets, this.#proxied]) counter.reset()
    this.#web.inc(this.#webShown)
    this.#websockets.inc(websockets)
    for (const [status, count] of byStatus) this.#proxied.inc({ status }, count)
    const { byKind, byLimit } = sources.failures
    for (const counter of [this.#failed, this.#refused]) counter.reset()
    for (const [reason, count] of byKind) this.#failed.inc({ reason }, count)
    for (const [limit, count] of byLimit) this.#refused.inc({ limit }, count)
    this.#routes.set(sources.routes())
    this.#routesRejected.set(sources.routesRejected())
    this.#envoys.set(sources.envoys())
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() }
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name, help, labelNames, registers: [this.#registry] })
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers: [this.#registry] })
  }
}
