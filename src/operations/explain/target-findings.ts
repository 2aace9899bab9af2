import { FAILURE_WORDS } from '../../resources/counters/failure-reasons.js'
import type { Probe, ProbeOutcome } from '../probe/probe.js'
import type { RecentCode } from '../recent/failures.js'
import type { Facts, ProbedTarget, TakingRoute } from './facts.js'
import { ago, failedWithin } from './facts.js'
import type { Cause, Finding } from './finding.js'
import { error, warning } from './finding.js'

/** What is wrong with the target of the route that takes the request, and with the hub. */
export function* targetFindings({ taker, hub, now }: Facts): Iterable<Finding> {
  if (taker?.target !== undefined) {
    const wrong = whatIsWrong(taker.target) ?? ofAnotherRoute(taker, taker.target)
    if (wrong !== undefined) yield taker.routespec === '/' ? ofHub(wrong) : error(...wrong)
    else yield* doubts(taker, taker.target, now)
  }
  const wrong = hub && whatIsWrong(hub)
  if (wrong !== undefined) {
    const [, what, todo] = wrong
    yield warning('hub_down', `The hub does not answer, so nobody can log in or start a server. ${what}`, todo)
  }
}

type Wrong = readonly [cause: Cause, what: string, todo: string]

/** The hub's own route, by convention `/`. */
function ofHub([cause, what, todo]: Wrong): Finding {
  if (cause === 'dns_gone' || cause.startsWith('target_certificate')) return error(cause, what, todo)
  return error('hub_down', `The hub does not answer. ${what}`, `Start the hub, or see its log. ${todo}`)
}

/** Users' servers, unlike services, never answer 404 to the prefix that they have from the hub. */
const OF_USER = /(?:^|\/)user\//

function ofAnotherRoute({ routespec }: TakingRoute, { place, probe }: ProbedTarget): Wrong | undefined {
  if (!isMissing(routespec, probe) || !probe.isOfHub || !OF_USER.test(routespec)) return undefined
  return [
    'wrong_port',
    `${place} answers 404 to ${routespec}/, as a server of JupyterHub does that belongs to another route.`,
    'The port may have been taken by the server of another user: stop this server and start it again in the hub.',
  ]
}

function isMissing(routespec: string, { status }: Probe): boolean {
  return status === 404 && routespec !== '/'
}

/** Undefined if the target answers. */
function whatIsWrong(target: ProbedTarget): Wrong | undefined {
  const { probe, unresolved } = target
  if (probe.outcome === 'answers') return undefined
  return unresolved === undefined ? WRONG[probe.outcome](target) : ofName(unresolved)
}

const WRONG: Readonly<Record<Exclude<ProbeOutcome, 'answers'>, (target: ProbedTarget) => Wrong>> = {
  refused: ({ place }) => [
    'target_refuses',
    `Nothing listens on ${place}: the connection is refused.`,
    'See whether the server still runs and on which port it listens; start it again in the hub.',
  ],
  no_socket: ({ place }) => ['target_refuses', `There is no socket ${place}.`, 'See whether the server still runs.'],
  denied: ({ place }) => [
    'target_denied',
    `The control plane may not use ${place}; Envoy may not be allowed to, either.`,
    'Give the user of Envoy the right to write to it.',
  ],
  no_connection: ({ place }) => [
    'target_hangs',
    `Connections to ${place} are neither accepted nor refused.`,
    'See whether its machine or pod still runs, and whether a firewall or a NetworkPolicy drops packets.',
  ],
  no_answer: ({ place }) => [
    'target_hangs',
    `The server hangs: ${place} accepts connections and does not answer.`,
    'See its log, and stop and start it in the hub.',
  ],
  unreachable: ({ place, probe }) => [
    'target_unreachable',
    `No way leads to ${place}${detailOf(probe)}.`,
    'See whether its machine or pod still runs.',
  ],
  unresolved: ({ url, probe }) => ofName({ host: `of ${url}`, reason: probe.detail }),
  not_http: ({ place, url, probe }) => [
    'wrong_port',
    `What listens on ${place} does not answer as a web server does${detailOf(probe)}: it may be another program, or want https.`,
    `See on which port the server listens, and whether ${url} should be http or https.`,
  ],
  not_tls: ({ place, url, probe }) => [
    'wrong_port',
    `What listens on ${place} does not speak TLS${detailOf(probe)}, which its target ${url} says.`,
    'See on which port the server listens, and whether its target should be http.',
  ],
  certificate_expired: ({ place }) => [
    'target_certificate_expired',
    `The certificate of ${place} has expired.`,
    'Replace the certificate of the server; with internal_ssl, stop it, and start it again in the hub.',
  ],
  certificate_refused: ({ place, probe }) => [
    'target_certificate_refused',
    `The certificate of ${place} is not accepted${detailOf(probe)}.`,
    'It must have the name of its target, and be signed by the authorities of --client-ssl-ca.',
  ],
}

function detailOf({ detail }: Probe): string {
  return detail === '' ? '' : ` (${detail})`
}

function ofName({ host, reason }: { readonly host: string; readonly reason: string }): Wrong {
  return [
    'dns_gone',
    `The host name ${host} does not resolve: ${reason}.`,
    'See whether the pod or service of that name exists, and whether the name server answers.',
  ]
}

/** Failures within this time are told of a target that answers now. */
const JUST_NOW_MS = 60_000

/** The target answers, and yet something may be wrong. */
function* doubts({ routespec, failures }: TakingRoute, target: ProbedTarget, now: Date): Iterable<Finding> {
  const { place, probe, unresolved } = target
  if (unresolved !== undefined) yield warning(...ofName(unresolved))
  if (probe.status !== null && probe.status >= 500) {
    yield warning('target_fails', `${place} answers, with status ${probe.status}.`, "See the server's log.")
  }
  if (isMissing(routespec, probe)) {
    yield warning(
      'wrong_port',
      `${place} answers 404 to ${routespec}/: it may be another program than the server.`,
      'See on which port the server listens, and whether it has the base URL of its route.',
    )
  }
  const within = (...codes: readonly RecentCode[]) => failedWithin(JUST_NOW_MS, now, failures, ...codes)
  const unreached = within('connection_refused', 'connection_timeout', 'unreachable', 'unresolved')
  const last = failures[0]
  if (unreached !== undefined) {
    yield warning(
      'envoy_can_not_reach',
      `The control plane reaches ${place}, but Envoy could not (last ${ago(unreached.last, now)}): ${FAILURE_WORDS.get(unreached.code)}.`,
      'If it has just started, ask again. Otherwise let Envoy connect there: see NetworkPolicies and firewalls.',
    )
  } else if (last !== undefined && last.code !== 'route_full' && within(last.code) === last) {
    const words = FAILURE_WORDS.get(last.code)
    yield warning('recent_failures', `Requests have just failed: ${words}.`, "See the server's log of that time.")
  }
}
