import type { MetricFamily__Output } from '#proto/io/prometheus/client/MetricFamily.js'
import { ACTIVITY, routeKeyOf } from '../../resources/names.js'

/** An Envoy reports every two seconds; one that is gone has no open streams. */
const STALE_MS = 10_000

const STREAM = `${ACTIVITY.prefix}.${ACTIVITY.counters.stream}`

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
    const streams = new Map<string, string>()
    for (const { name, metric } of report) {
      if (name !== STREAM) continue
      for (const { label, counter } of metric) {
        if ((counter?.value ?? 0) <= 0) continue
        const labels = new Map(label.map((pair) => [pair.name, pair.value]))
        streams.set(labels.get(ACTIVITY.labels.stream) ?? '', labels.get(ACTIVITY.labels.route) ?? '')
      }
    }
    const byRoute = new Map<string, number>()
    for (const cluster of streams.values()) {
      const key = routeKeyOf(cluster)
      if (key !== undefined) byRoute.set(key, (byRoute.get(key) ?? 0) + 1)
    }
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
