import type { MetricFamily__Output } from '#proto/io/prometheus/client/MetricFamily.js'
import { longRequests } from '../../activity/long-requests.js'

/** An Envoy reports every two seconds; one that is gone has no open streams. */
const STALE_MS = 10_000

interface Report {
  readonly at: number
  readonly byRoute: ReadonlyMap<string, number>
}

/**
 * The requests and websockets under way, by route, as of each Envoy's last report. Envoy reports those that last two
 * seconds or more: see {@link activityCounters}.
 */
export class OpenStreams {
  readonly #byEnvoy = new Map<string, Report>()

  /** @param envoy its node id */
  add(envoy: string, report: readonly MetricFamily__Output[], at: Date): void {
    const byRoute = longRequests(report)
    for (const [id, { at: then }] of this.#byEnvoy) if (at.getTime() - then > STALE_MS) this.#byEnvoy.delete(id)
    this.#byEnvoy.set(envoy, { at: at.getTime(), byRoute })
  }

  /** How many a route has, over all Envoys. */
  of(routeKey: string, now: Date): number {
    return [...this.#byEnvoy.values()]
      .filter(({ at }) => now.getTime() - at <= STALE_MS)
      .reduce((sum, { byRoute }) => sum + (byRoute.get(routeKey) ?? 0), 0)
  }
}
