import { ATTEMPT, HEALTH, REDIRECT } from '../names.js'
import { scriptSays, UNFINISHED_FULL_EXPRESSION } from '../shared/access-log-filters.js'
import type { FailureKind, FailureReason } from './failure-reason.js'

const UNREACHABLE = 'remote_connection_failure'
const NOT_TAKEN = 'the target does not accept the connection, or its TLS handshake does not end'
const CLOSED = 'the target closed the connection without an answer; it may want http, https or a client certificate'

/**
 * The reasons for which Envoy itself ends a request; the first that matches applies. Envoy's details decide, since they
 * are finer than its response flags and include why a connection failed.
 */
export const FAILURE_REASONS: readonly FailureReason[] = [
  {
    code: 'headers_too_large',
    kind: 'headers_too_large',
    status: 431,
    words: 'the headers are too large, often because of the cookies',
  },
  { code: 'body_too_large', kind: 'body_too_large', status: 413, words: 'the body is too large' },
  {
    code: 'request_timeout',
    kind: 'request_timeout',
    status: 408,
    words: 'the client did not send its request in time',
  },
  { code: 'loop', kind: 'loop', status: 508, words: 'the target leads back to this proxy' },
  { code: 'no_route', kind: 'no_route', details: 'cluster_not_found', words: 'no route matches' },
  {
    code: 'route_full',
    kind: 'route_full',
    details: '{overflow}',
    words: 'the route has too many requests in flight, see --max-requests-per-route',
  },
  { code: 'heap_full', kind: 'heap_full', details: 'overload', words: "Envoy's memory is nearly full, see --max-heap" },
  {
    code: 'unfinished_full',
    kind: 'unfinished_full',
    unfinished: true,
    words: 'too many unfinished requests, most of them of this connection',
  },
  {
    code: 'unresolved',
    kind: 'unresolved',
    details: 'no_healthy_upstream',
    words: "the target's host name does not resolve",
  },
  { code: 'connection_timeout', kind: 'unreachable', details: '{connection_timeout', words: NOT_TAKEN },
  { code: 'connection_timeout', kind: 'unreachable', attempt: 'unreachable', words: NOT_TAKEN },
  {
    code: 'connection_refused',
    kind: 'unreachable',
    details: 'Connection_refused',
    words: 'connection refused, nothing listens there',
  },
  {
    code: 'no_socket',
    kind: 'unreachable',
    details: 'No_such_file_or_directory',
    words: "the target's socket does not exist",
  },
  {
    code: 'socket_denied',
    kind: 'unreachable',
    details: 'Permission_denied',
    words: "Envoy may not use the target's socket",
  },
  {
    code: 'certificate_expired',
    kind: 'tls',
    details: 'certificate_has_expired',
    words: "the target's certificate has expired",
  },
  {
    code: 'certificate_refused',
    kind: 'tls',
    details: 'CERTIFICATE_VERIFY_FAILED',
    words: "the target's certificate is not accepted, see --client-ssl-ca",
    more: true,
  },
  {
    code: 'not_tls',
    kind: 'tls',
    details: 'WRONG_VERSION_NUMBER',
    words: 'the target does not speak TLS, it may be http, not https',
  },
  {
    code: 'own_certificate_refused',
    kind: 'tls',
    details: 'UNKNOWN_CA',
    words: 'the target does not trust the issuer of --client-ssl-cert',
  },
  { code: 'tls_failed', kind: 'tls', details: 'TLS_error', words: 'TLS with the target failed', more: true },
  {
    code: 'unreachable',
    kind: 'unreachable',
    details: UNREACHABLE,
    words: 'the target can not be reached',
    more: true,
  },
  {
    code: 'cut_off',
    kind: 'cut_off',
    details: 'upstream_reset_after_response_started',
    words: 'the target disconnected in the middle of its answer',
  },
  { code: 'closed', kind: 'no_answer', details: '{connection_termination', words: CLOSED },
  { code: 'closed', kind: 'no_answer', attempt: 'no answer', words: CLOSED },
  { code: 'not_http', kind: 'bad_answer', details: '{protocol_error', words: "the target's answer is not HTTP" },
  { code: 'not_http', kind: 'bad_answer', attempt: 'bad answer', words: "the target's answer is not HTTP" },
  {
    code: 'no_answer',
    kind: 'no_answer',
    details: 'upstream_reset_before_response_started',
    words: 'the target gave no answer',
    more: true,
  },
  {
    code: 'answer_timeout',
    kind: 'answer_timeout',
    details: 'response_timeout',
    words: 'the target did not answer in time',
  },
  {
    code: 'idle',
    kind: 'answer_timeout',
    details: 'stream_idle_timeout',
    words: 'no data for too long, see --timeout and --proxy-timeout',
  },
  {
    code: 'no_host',
    kind: 'bad_request',
    details: 'direct_response',
    route: REDIRECT,
    words: 'it names no host, so it can not be redirected to HTTPS',
  },
  {
    code: 'wrong_upgrade',
    kind: 'bad_request',
    details: 'upgrade_failed',
    words: 'only upgrades to websockets are supported',
  },
  {
    code: 'wrong_handshake',
    kind: 'bad_request',
    details: 'direct_response',
    words: 'it asks for an upgrade, but is not a websocket handshake',
  },
  { code: 'malformed', kind: 'bad_request', status: 400, words: 'the request is malformed', more: true },
  { code: 'not_served', kind: 'bad_request', details: 'route_not_found', words: 'such requests are not served' },
  { code: 'not_served', kind: 'bad_request', details: 'absolute_path_rejected', words: 'such requests are not served' },
]

const DETAILS = 'response.code_details'

const OTHER = { code: 'other', kind: 'other', words: 'Envoy ended it' } as const

/** All kinds. */
export const FAILURE_KINDS: readonly FailureKind[] = [
  ...new Set([...FAILURE_REASONS.map(({ kind }) => kind), OTHER.kind]),
]

/** A CEL expression for a failure's {@link FailureKind}: one of few, independent of clients and backends. */
export const KIND_EXPRESSION = choice(FAILURE_REASONS, ({ kind }) => JSON.stringify(kind), JSON.stringify(OTHER.kind))

/** The words of each code. */
export const FAILURE_WORDS: ReadonlyMap<string, string> = new Map(
  [...FAILURE_REASONS, OTHER].map(({ code, words }) => [code, words]),
)

/** A CEL expression for a failure's {@link FailureCode}. */
export const CODE_EXPRESSION = choice(FAILURE_REASONS, ({ code }) => JSON.stringify(code), JSON.stringify(OTHER.code))

/** A CEL expression for a failure's words. */
export const WORDS_EXPRESSION = choice(
  FAILURE_REASONS,
  ({ words }) => JSON.stringify(words),
  JSON.stringify(OTHER.words),
)

/** A CEL expression for Envoy's details of a failure if they have more than the words. */
export const DETAILS_EXPRESSION = detailsExpression('""')

/** @param nothing what it is if they have no more, as an expression */
export function detailsExpression(nothing: string): string {
  return choice(FAILURE_REASONS, ({ more }) => (more ? DETAILS : nothing), DETAILS)
}

/**
 * A CEL expression: a request with an error or a response flag was failed by Envoy itself. Excluded are answers of
 * backends, clients that disconnected, the end of a websocket, which a backend may end in any way, and the health check,
 * which fails on purpose.
 */
export const IS_FAILURE_EXPRESSION = [
  `${DETAILS} != 'via_upstream'`,
  // A backend's refusal of a websocket: see envoy/refusal.lua.
  `!${DETAILS}.startsWith('filter_removed_required_response_headers')`,
  `!(${DETAILS} == 'direct_response' && xds.route_name == '${HEALTH}')`,
  'response.code != 0',
  `!('upgrade' in request.headers && ${DETAILS}.startsWith('upstream_reset_after_response_started'))`,
].join(' && ')

/** A binary tree: Envoy rejects deep expressions, such as a chain of conditions. */
function choice(reasons: readonly FailureReason[], value: (reason: FailureReason) => string, other: string): string {
  const [first, second] = reasons
  if (first === undefined) return other
  if (second === undefined) return `${condition(first)} ? ${value(first)} : ${other}`
  const half = Math.ceil(reasons.length / 2)
  const [before, after] = [reasons.slice(0, half), reasons.slice(half)]
  const is = before.map(condition).join(' || ')
  return `(${is}) ? (${choice(before, value, other)}) : (${choice(after, value, other)})`
}

function condition({ details, attempt, unfinished, route, status }: FailureReason): string {
  if (unfinished) return UNFINISHED_FULL_EXPRESSION
  if (attempt !== undefined) return scriptSays(ATTEMPT.namespace, ATTEMPT.failure, JSON.stringify(attempt))
  if (details === undefined) return `response.code == ${status}`
  const contains = `${DETAILS}.contains(${JSON.stringify(details)})`
  return route === undefined ? contains : `(${contains} && xds.route_name == ${JSON.stringify(route)})`
}
