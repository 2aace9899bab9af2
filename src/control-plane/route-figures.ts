import type { MetricFamily__Output } from '#proto/io/prometheus/client/MetricFamily.js'
import type { RouteFigures } from '../metrics/route-families.js'
import { RouteSums } from '../metrics/route-sums.js'
import type { Recents } from '../operations/recent/recents.js'
import { routeKey } from '../routing/routespec.js'
import type { RouteTable } from '../routing/table.js'

/** Sums of routes that were deleted may stay until there are this many more than twice the routes. */
const SPARE = 1_000

export interface RoutesInUseOptions {
  readonly table: Pick<RouteTable, 'all' | 'size'>
  readonly hostRouting: boolean
  readonly recents: Pick<Recents, 'streams'>
}

/** What is known of single routes, for the metrics of those who may use the REST API. */
export class RoutesInUse {
  readonly #options: RoutesInUseOptions
  readonly #sums = new RouteSums()

  constructor(options: RoutesInUseOptions) {
    this.#options = options
  }

  /** @param report what an Envoy has counted since its previous report */
  reported(report: readonly MetricFamily__Output[]): void {
    this.#sums.add(report)
    if (this.#sums.size > 2 * this.#options.table.size + SPARE) this.#forgetDeleted()
  }

  figures(): RouteFigures[] {
    this.#forgetDeleted()
    const now = new Date()
    return [...this.#options.table.all()].map(({ routespec, lastActivity }) => {
      const key = this.#keyOf(routespec)
      const longRequests = this.#options.recents.streams.of(key, now)
      return { routespec, lastActivity, longRequests, ...this.#sums.of(key) }
    })
  }

  #forgetDeleted(): void {
    this.#sums.keep(new Set([...this.#options.table.all()].map(({ routespec }) => this.#keyOf(routespec))))
  }

  #keyOf(routespec: string): string {
    return routeKey(routespec, this.#options.hostRouting)
  }
}
