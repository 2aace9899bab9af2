import type { MetricFamily__Output } from '#proto/io/prometheus/client/MetricFamily.js'
import { longRequests } from '../activity/long-requests.js'
import { labelOf } from '../activity/report.js'
import { PUBLIC, UNFINISHED_GAUGES } from '../resources/names.js'
import { RequestSums } from './request-sums.js'
import type { EnvoyReport, OpenNow } from './snapshot.js'

/** How far {@link Recent} reaches back, and in what steps. */
const RECENT_MS = 300_000
const STEP_MS = 10_000

/** An Envoy that has reported nothing for this long says nothing of now: it has ended, or drains beside its successor. */
const STALE_MS = 10_000

/** What an Envoy's last report says of itself, with what only limits need. */
export interface LastReport extends EnvoyReport {
  /** Connections that count against --max-connections. */
  readonly connections: number
  /** How full Envoy considers itself, in whole percent. */
  readonly pressure: { readonly heap: number; readonly connections: number }
  /** The requests and websockets of its fullest route that have lasted for two seconds. */
  readonly fullestRoute: number
  /** What its unfinished requests use: bytes of those that wait, and the number of uploads. */
  readonly unfinished: { readonly waitingBytes: number; readonly uploads: number }
}

interface Step {
  readonly begun: number
  readonly sums: RequestSums
}

/** Sums of all that Envoys report, and what each said last. */
export class EnvoyReports {
  readonly #totals = new RequestSums()
  readonly #now: () => number
  readonly #started: number
  /** The oldest first. */
  #steps: Step[] = []
  readonly #last = new Map<string, LastReport>()

  /** @param now milliseconds since 1970 */
  constructor(now: () => number = Date.now) {
    this.#now = now
    this.#started = now()
  }

  /** When the totals began. */
  get since(): Date {
    return new Date(this.#started)
  }

  get totals(): RequestSums {
    return this.#totals
  }

  /**
   * @param envoy its node id
   * @param report what it has counted since its previous report, and its gauges
   */
  add(envoy: string, report: readonly MetricFamily__Output[]): void {
    const now = this.#now()
    this.#totals.add(report)
    this.#step(now).add(report)
    for (const [id, { at }] of this.#last) if (now - at.getTime() > STALE_MS) this.#last.delete(id)
    this.#last.set(envoy, readGauges(report, new Date(now)))
  }

  /** The last report of an Envoy; undefined if it has made none for some seconds. */
  last(envoy: string): LastReport | undefined {
    const found = this.#last.get(envoy)
    return found !== undefined && this.#now() - found.at.getTime() <= STALE_MS ? found : undefined
  }

  /** The last reports of all Envoys that report, by node id. */
  get all(): ReadonlyMap<string, LastReport> {
    const recent = [...this.#last.keys()].map((id) => [id, this.last(id)] as const)
    return new Map(recent.filter((entry): entry is [string, LastReport] => entry[1] !== undefined))
  }

  /** What was counted in the last minutes. */
  recent(): { readonly seconds: number; readonly sums: RequestSums } {
    const now = this.#now()
    const sums = new RequestSums()
    const steps = this.#steps.filter(({ begun }) => now - begun <= RECENT_MS)
    for (const step of steps) sums.merge(step.sums)
    const begun = steps[0]?.begun ?? now
    return { seconds: Math.max(1, (now - begun) / 1000), sums }
  }

  #step(now: number): RequestSums {
    const last = this.#steps.at(-1)
    if (last !== undefined && now - last.begun < STEP_MS) return last.sums
    const sums = new RequestSums()
    this.#steps = [...this.#steps.filter(({ begun }) => now - begun <= RECENT_MS), { begun: now, sums }]
    return sums
  }
}

const OF_PUBLIC = 'envoy.http_conn_manager_prefix'
const LISTENER_CONNECTIONS = 'listener.downstream_cx_active'

function readGauges(report: readonly MetricFamily__Output[], at: Date): LastReport {
  const single = new Map<string, number>()
  let connections = 0
  for (const { name, metric } of report) {
    for (const one of metric) {
      if (!one.gauge) continue
      else if (name === LISTENER_CONNECTIONS) connections += one.gauge.value
      else if (name.startsWith('http.') && labelOf(one, OF_PUBLIC) !== PUBLIC) continue
      else single.set(name, one.gauge.value)
    }
  }
  const value = (name: string) => single.get(name) ?? 0
  const open: OpenNow = {
    connections: value('http.downstream_cx_active'),
    requests: value('http.downstream_rq_active'),
    websockets: value('http.downstream_cx_upgrades_active'),
  }
  const pressure = (monitor: string) => value(`overload.envoy.resource_monitors.${monitor}.pressure`)
  return {
    at,
    uptimeSeconds: value('server.uptime'),
    open,
    heapBytes: value('server.memory_allocated'),
    physicalBytes: value('server.memory_physical_size'),
    connections,
    pressure: { heap: pressure('fixed_heap'), connections: pressure('global_downstream_max_connections') },
    unfinished: {
      waitingBytes: value(`http.lua.${UNFINISHED_GAUGES.waiting}`),
      uploads: value(`http.lua.${UNFINISHED_GAUGES.uploads}`),
    },
    fullestRoute: [...longRequests(report).values()].reduce((most, count) => Math.max(most, count), 0),
  }
}
