import type { MetricFamily__Output } from '#proto/io/prometheus/client/MetricFamily.js'
import type { Logger } from '../platform/log.js'
import { TallyLog } from '../platform/tally-log.js'
import { FAILURE_KINDS } from '../resources/counters/failure-reasons.js'
import { FAILURES } from '../resources/names.js'

/** A limit at which Envoy closes connections before there is a request to answer or to log. */
interface ConnectionLimit {
  readonly name: string
  /** Envoy's counter of it. */
  readonly counter: string
  /** What happened to the connections, to end a log line with; undefined if that is ordinary and not logged. */
  readonly words?: string
}

export const CONNECTION_LIMITS: readonly ConnectionLimit[] = [
  {
    name: 'connections',
    counter: 'listener.downstream_global_cx_overflow',
    words: 'closed, since as many are open as --max-connections allows',
  },
  {
    name: 'heap',
    counter: 'listener.downstream_cx_overload_reject',
    words: "closed, since Envoy's memory is nearly full, see --max-heap",
  },
  // Browsers open connections in advance that they never use.
  { name: 'first_bytes', counter: 'listener.downstream_pre_cx_timeout' },
  { name: 'tls_handshake', counter: 'listener.downstream_cx_transport_socket_connect_timeout' },
]

const NOT_LISTED = 'access_log.process_ratelimit.denied'

/**
 * Sums of the requests that Envoys failed and the connections that they closed, since the control plane's start. Logs
 * the sums of what has no log line of its own.
 */
export class ReportedFailures {
  readonly #byKind = new Map<string, number>(FAILURE_KINDS.map((kind) => [kind, 0]))
  readonly #byLimit = new Map<string, number>(CONNECTION_LIMITS.map(({ name }) => [name, 0]))
  readonly #notListed: TallyLog
  readonly #limits: ReadonlyMap<string, TallyLog>

  constructor(log: Logger) {
    this.#notListed = new TallyLog((count) => log.warn(`${count} more failed requests are not listed one by one`))
    this.#limits = new Map(
      CONNECTION_LIMITS.map(({ name, words }) => {
        const tell = (count: number) => words && log.warn(`${count} connections of users were ${words}`)
        return [name, new TallyLog(tell)]
      }),
    )
  }

  /** Requests that Envoys failed, by {@link FailureKind}. */
  get byKind(): ReadonlyMap<string, number> {
    return this.#byKind
  }

  /** Connections that Envoys closed, by limit. */
  get byLimit(): ReadonlyMap<string, number> {
    return this.#byLimit
  }

  /** @param report what an Envoy has counted since its previous report */
  add(report: readonly MetricFamily__Output[]): void {
    for (const { name, metric } of report) {
      if (name === `${FAILURES.scope}.${FAILURES.failed}`) {
        for (const { label, counter } of metric) {
          const kind = label.find((pair) => pair.name === FAILURES.kind)?.value ?? ''
          if (this.#byKind.has(kind)) count(this.#byKind, kind, counter?.value)
        }
        continue
      }
      const sum = () => metric.reduce((all, { counter }) => all + (counter?.value ?? 0), 0)
      if (name === NOT_LISTED) this.#notListed.add(sum())
      const limit = CONNECTION_LIMITS.find(({ counter }) => counter === name)
      if (limit === undefined) continue
      count(this.#byLimit, limit.name, sum())
      this.#limits.get(limit.name)?.add(sum())
    }
  }
}

function count(counts: Map<string, number>, name: string, more = 0): void {
  counts.set(name, (counts.get(name) ?? 0) + more)
}
