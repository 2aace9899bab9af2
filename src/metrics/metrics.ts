import { Counter, collectDefaultMetrics, Registry, Summary } from 'prom-client'
import { exposition } from './exposition.js'
import { familiesOf } from './families.js'
import type { RouteFigures } from './route-families.js'
import { routeFamilies } from './route-families.js'
import type { Snapshot } from './snapshot.js'

/** A page for Prometheus. */
export interface MetricsPage {
  readonly contentType: string
  readonly body: string
}

/**
 * The metrics of a scrape: those of {@link familiesOf}, and those of CHP's that Node.js counts: of the REST API, and of
 * this process. No label names a route or a user: the page stays small and tells strangers nothing about users.
 */
export class Metrics {
  readonly #registry = new Registry()

  readonly #routeGets = this.#counter('api_route_get', 'Requests for the whole route table')
  readonly #routeAdds = this.#counter('api_route_add', 'Requests that added or replaced a route')
  readonly #routeDeletes = this.#counter('api_route_delete', 'Requests to delete a route')
  readonly #api = this.#counter('requests_api', 'Requests to the REST API', ['status'])
  readonly #activity = new Summary({
    name: 'last_activity_updating',
    help: "Seconds that reading an Envoy's report of active routes took",
    registers: [this.#registry],
  })

  constructor() {
    collectDefaultMetrics({ register: this.#registry })
  }

  /** The REST API has answered. Which counter counts which request is CHP's choice. */
  apiAnswered({ method, path, status }: { method: string; path: string; status: number }): void {
    this.#api.inc({ status })
    if (!/^\/api\/routes(\/|$)/.test(path)) return
    if (method === 'GET' && status === 200 && /^\/api\/routes\/?$/.test(path)) this.#routeGets.inc()
    if (method === 'POST' && status === 201) this.#routeAdds.inc()
    if (method === 'DELETE' && (status === 204 || status === 404)) this.#routeDeletes.inc()
  }

  /** A report of active routes has been read. */
  activityRead(seconds: number): void {
    this.#activity.observe(seconds)
  }

  /** The page for Prometheus. */
  async page(snapshot: Snapshot): Promise<MetricsPage> {
    const own = await this.#registry.metrics()
    return { contentType: this.#registry.contentType, body: `${own}\n${exposition(familiesOf(snapshot))}` }
  }

  /** The page about single routes. */
  routesPage(routes: readonly RouteFigures[]): MetricsPage {
    return { contentType: this.#registry.contentType, body: exposition(routeFamilies(routes)) }
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name, help, labelNames, registers: [this.#registry] })
  }
}
