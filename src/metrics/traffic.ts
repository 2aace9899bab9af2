import { HEALTH, PUBLIC, REQUESTS } from '../resources/names.js'
import type { Counters } from './request-totals.js'

/** Users' requests, as CHP counts them. */
export interface Traffic {
  /** Requests begun, without websockets and health checks. */
  readonly web: number
  /** Websockets asked for. */
  readonly websockets: number
  /** Requests answered, by status, without websockets that were opened and health checks. */
  readonly byStatus: ReadonlyMap<string, number>
}

const ALL = `http.${PUBLIC}.downstream_rq_total`
const UPGRADES = `http.${PUBLIC}.downstream_cx_upgrades_total`
const ANSWERED = `${REQUESTS.scope}.${REQUESTS.answered}.`
const TAGS = new RegExp(`\\.${REQUESTS.route}\\.(.*)\\.${REQUESTS.status}\\.(\\d+|${REQUESTS.otherStatus})$`)

/** A regular expression for the counters that {@link traffic} needs. */
export const TRAFFIC_COUNTERS = `^(${[`${ALL}$`, `${UPGRADES}$`, ANSWERED].join('|').replaceAll('.', '\\.')})`

/** The same counters in Envoys' reports, which have labels instead of long names. */
export const REPORTED_COUNTERS: ReadonlySet<string> = new Set([
  'http.downstream_rq_total',
  'http.downstream_cx_upgrades_total',
  `${REQUESTS.scope}.${REQUESTS.answered}`,
])

/** The name in Envoy's own statistics of a counter in a report. */
export function reportedName(name: string, labels: ReadonlyMap<string, string>): string {
  const manager = labels.get('envoy.http_conn_manager_prefix')
  if (manager !== undefined) return name.replace(/^http\./, `http.${manager}.`)
  const tags = [REQUESTS.route, REQUESTS.status].map((tag) => `${tag}.${labels.get(tag) ?? ''}`)
  return [name, ...tags].join('.')
}

/** The client left before it was answered. */
const NO_ANSWER = '0'
const SWITCHING_PROTOCOLS = '101'

export function traffic(counters: Counters): Traffic {
  const byStatus = new Map<string, number>()
  let health = 0
  for (const [name, count] of counters) {
    const [, route, status] = (name.startsWith(ANSWERED) && TAGS.exec(name)) || []
    if (status === undefined) continue
    if (route === HEALTH) health += count
    else if (status !== NO_ANSWER && status !== SWITCHING_PROTOCOLS) {
      byStatus.set(status, (byStatus.get(status) ?? 0) + count)
    }
  }
  const websockets = counters.get(UPGRADES) ?? 0
  return { web: Math.max(0, (counters.get(ALL) ?? 0) - websockets - health), websockets, byStatus }
}
