import { printable } from '../../platform/text.js'
import type { RecentCode } from '../recent/failures.js'
import type { RouteFailure, StatusFacts } from './facts.js'
import { isRecent } from './facts.js'
import { failureWords } from './failure-words.js'
import type { Finding } from './finding.js'

/** What failed within this time is regarded as failing now, in seconds. Envoys report every two seconds. */
const NOW = 60

/** From this share of all requests of the last minutes on, most users notice; unless there are very few. */
const MANY = 0.25
const FEW = 20

const IS_IT_UP = 'Is that server running, and on that port? Start it again in the hub.'

/** What to do about failures. Those that only a client causes are left out: nothing is wrong here then. */
const REMEDIES: Partial<Readonly<Record<RecentCode, string>>> = {
  connection_refused: IS_IT_UP,
  no_socket: IS_IT_UP,
  connection_timeout: 'Does its machine or pod run, and does a firewall or NetworkPolicy drop packets?',
  unreachable: 'Does its machine or pod run, and can Envoy reach its network?',
  unresolved: 'Does the name exist, and do the name servers answer?',
  socket_denied: 'Give the user of Envoy the right to write to the socket.',
  certificate_expired: "Renew the target's certificate.",
  certificate_refused: "Check --client-ssl-ca and the target's certificate.",
  own_certificate_refused: 'Check --client-ssl-cert: the target must trust its issuer.',
  not_tls: 'Correct the target: http instead of https.',
  tls_failed: "Check --client-ssl-ca, --client-ssl-cert and the target's certificate.",
  closed: 'Does the target expect https? Read the log of that server.',
  no_answer: 'Read the log of that server.',
  not_http: 'Is it the right port? Does the target expect https?',
  answer_timeout: 'That server hangs or is overloaded: stop and start it in the hub.',
  idle: 'That server hangs or is overloaded: stop and start it in the hub.',
  cut_off: 'Read the log of that server: it may be killed for its memory.',
  loop: 'Correct the target.',
  no_route: 'Is the default target set? Does the hub run, and has it added its routes?',
  route_full: 'Stop and start that server in the hub, or raise --max-requests-per-route.',
  heap_full: 'Raise --max-heap, or look for a user with very many connections.',
  unfinished_full: 'Look for a client that begins requests and does not end them.',
  connections_full: 'Raise --max-connections and the limit of open files, or look for a client that opens very many.',
}

/** These mean that a limit is reached, which concerns every user. */
const FOR_ALL: ReadonlySet<RecentCode> = new Set(['heap_full', 'connections_full'])

/** Which requests fail now: of the hub, of everybody, and of some routes, for each reason. */
export function trafficRules(facts: StatusFacts): readonly Finding[] {
  const now = facts.failures.filter(({ code, last }) => REMEDIES[code] !== undefined && isRecent(last, facts, NOW))
  const ofHub = now.filter(({ routespec, code }) => routespec === '/' && code !== 'cut_off' && code !== 'route_full')
  const others = now.filter((failure) => !ofHub.includes(failure))
  const codes = [...new Set(others.map(({ code }) => code))]
  return [
    ...ofHub.map((failure) => hubFinding(failure)),
    ...codes.map((code) =>
      finding(
        code,
        others.filter((failure) => failure.code === code),
        facts,
      ),
    ),
  ]
}

/** The hub has the route `/`: nobody can log in or start a server. */
function hubFinding({ code, target, count }: RouteFailure): Finding {
  const what = `The hub at ${target ?? '/'} does not serve: ${failureWords(code)} (${requests(count)}).`
  const remedy = `Is the hub running? Start it, or read its log. ${REMEDIES[code] ?? ''}`.trim()
  return { code: 'hub_down', level: 'red', what, remedy }
}

function finding(code: RecentCode, failures: readonly RouteFailure[], { snapshot: { recent } }: StatusFacts): Finding {
  const count = failures.reduce((sum, failure) => sum + failure.count, 0)
  const answered = [...recent.byClass.values()].reduce((sum, more) => sum + more, 0)
  const isMany = recent.failed >= FEW && recent.failed >= MANY * answered
  const level = FOR_ALL.has(code) || isMany ? 'red' : 'amber'
  const what = `${routesIn(failures)}: ${failureWords(code)} (${requests(count)}).`
  return { code: `failed_${code}`, level, what, remedy: REMEDIES[code] ?? '' }
}

/** How many routes a sentence names, and how much of each, in characters. */
const NAMED = 2
const SHOWN = 80

function routesIn(failures: readonly RouteFailure[]): string {
  const routes = [...new Set(failures.flatMap(({ routespec }) => routespec ?? []))]
  if (routes.length === 0) return 'Requests fail'
  const named = routes.slice(0, NAMED).map((routespec) => printable(routespec, SHOWN))
  const more = routes.length > NAMED ? ` and ${routes.length - NAMED} more` : ''
  return `Requests to ${named.join(', ')}${more} fail`
}

function requests(count: number): string {
  return count === 1 ? 'one request' : `${count} requests`
}
