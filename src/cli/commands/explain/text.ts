import type {
  EnvoyHolding,
  ExplainedEvent,
  ExplainedFailure,
  ExplainedRoute,
  Explanation,
} from '../../../operations/explain/explanation.js'
import type { Finding } from '../../../operations/explain/finding.js'
import type { Probe, ProbeOutcome } from '../../../operations/probe/probe.js'
import type { EventKind } from '../../../operations/recent/events.js'
import { printable } from '../../../platform/text.js'

/** The most characters of a line: hubs and users choose part of many. */
const SHOWN = 1_000

/** For people: the facts, and at the end, where one looks first, what is wrong and what to do. */
export function asText(explanation: Explanation): string {
  const { asked, route, envoys, probe, hub, errors, events, findings, reachable } = explanation
  const host = asked.host === null ? '' : ` of ${asked.host}`
  const facts = [
    ...rows('Request', [`${asked.path}${host}`]),
    ...(route === null ? rows('Route', ['none']) : aboutRoute(route, explanation)),
    ...rows('Envoys', envoys.length === 0 ? ['none is connected'] : envoys.map(envoyText)),
    ...(probe === null ? [] : rows('Target now', [probeText(probe)])),
    ...(hub === null ? [] : rows('Hub now', [probeText(hub)])),
    ...rows('Last errors', errors.map(failureText)),
    ...rows('Events', events.map(eventText)),
  ]
  const [main, ...others] = findings.map(findingText)
  const also = rows('Also', others)
  const verdict = `${reachable ? 'It can be reached.' : 'It can NOT be reached.'} ${main}`
  return `${[...facts, ...also, '', verdict].map((line) => printable(line, SHOWN)).join('\n')}\n`
}

function aboutRoute(route: ExplainedRoute, { candidates }: Explanation): string[] {
  const { routespec, why, target, addresses, posted, added, lastActivity, underWay, underWayOf } = route
  const others = candidates.filter(({ takes }) => !takes)
  const fields = Object.entries(posted).filter(([name]) => name !== 'target')
  return [
    ...rows('Route', [routespec, why]),
    ...rows(
      'Others',
      others.map(
        (one) => `${one.routespec} to ${one.target}${one.refused === null ? '' : `, refused: ${one.refused}`}`,
      ),
    ),
    ...rows('Target', [`${target}${addresses.length === 0 ? '' : ` (${addresses.join(', ')})`}`]),
    ...rows('Posted', [fields.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(' ') || 'nothing else']),
    ...rows('Added', [added === null ? 'not known' : shownTime(added)]),
    ...rows('Last active', [shownTime(lastActivity)]),
    ...rows('Under way', [
      `${underWay} requests and websockets${underWayOf === 'all' ? '' : ', of those that last longer than 2 s'}`,
    ]),
  ]
}

function rows(label: string, lines: readonly string[]): string[] {
  return lines.map((line, index) => `${(index === 0 ? label : '').padEnd(12)}${line}`)
}

function envoyText({ node, state, version, reason }: EnvoyHolding): string {
  const has = version === null ? 'without the route' : `version ${version}`
  const words = {
    acknowledged: version === null ? 'has acknowledged that there is no such route' : `has acknowledged it, ${has}`,
    earlier: `has an earlier one, ${has}`,
    refused: `refuses it, ${has}: ${reason}`,
    missing: 'has not got it yet',
    loading: 'has just started and loads its routes',
  }
  return `${node} ${words[state]}`
}

const OUTCOMES: Readonly<Record<ProbeOutcome, string>> = {
  answers: 'answers',
  refused: 'refuses the connection',
  no_socket: 'has no such socket',
  denied: 'may not be used by the control plane',
  no_connection: 'neither accepts nor refuses the connection',
  no_answer: 'accepts the connection and does not answer',
  unreachable: 'can not be reached',
  unresolved: 'does not resolve',
  not_http: 'does not answer as a web server does',
  not_tls: 'does not speak TLS',
  certificate_expired: 'has a certificate that has expired',
  certificate_refused: 'has a certificate that is not accepted',
}

function probeText({ outcome, status, ms, detail }: Probe): string {
  const more = [status === null ? '' : `status ${status}`, detail].filter((part) => part !== '').join(', ')
  return `${OUTCOMES[outcome]}${more === '' ? '' : ` (${more})`}, after ${ms} ms, as seen from the control plane`
}

function failureText({ code, reason, first, last, count }: ExplainedFailure): string {
  const times = count === 1 ? '' : `, ${count} times since ${shownTime(first)}`
  return `${shownTime(last)}  ${reason} [${code}]${times}`
}

const EVENTS: Readonly<Record<EventKind, string>> = {
  route_refused: 'Envoy refused the route',
  not_stored: 'a change could not be stored, of the route',
  envoy_ended: 'Envoy has ended',
  envoy_back: 'Envoy is back',
  envoy_disconnected: 'Envoy disconnected:',
}

function eventText({ kind, subject, at, count, reason }: ExplainedEvent): string {
  const what = [EVENTS[kind], ...(subject === '' ? [] : [subject])].join(' ')
  return `${shownTime(at)}  ${what}${count === 1 ? '' : ` (${count} times)`}: ${reason}`
}

function findingText({ cause, what, todo }: Finding): string {
  return `${what}${todo === '' ? '' : ` ${todo}`} [${cause}]`
}

/** Local time, as in the log. */
function shownTime(iso: string): string {
  const at = new Date(iso)
  const two = (part: number) => String(part).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${at.toTimeString().slice(0, 8)}`
}
