/** A kind of failure, as in the metrics: one for all failures with the same remedy. */
export type FailureKind =
  | 'no_route'
  | 'bad_request'
  | 'headers_too_large'
  | 'body_too_large'
  | 'request_timeout'
  | 'loop'
  | 'route_full'
  | 'heap_full'
  | 'unfinished_full'
  | 'unresolved'
  | 'unreachable'
  | 'tls'
  | 'no_answer'
  | 'bad_answer'
  | 'answer_timeout'
  | 'cut_off'
  | 'other'

/** The name of a reason: one for all failures with the same words. */
export type FailureCode =
  | 'headers_too_large'
  | 'body_too_large'
  | 'request_timeout'
  | 'loop'
  | 'no_route'
  | 'route_full'
  | 'heap_full'
  | 'unfinished_full'
  | 'unresolved'
  | 'connection_timeout'
  | 'connection_refused'
  | 'no_socket'
  | 'socket_denied'
  | 'certificate_expired'
  | 'certificate_refused'
  | 'not_tls'
  | 'own_certificate_refused'
  | 'tls_failed'
  | 'unreachable'
  | 'cut_off'
  | 'closed'
  | 'not_http'
  | 'no_answer'
  | 'answer_timeout'
  | 'idle'
  | 'no_host'
  | 'wrong_upgrade'
  | 'wrong_handshake'
  | 'malformed'
  | 'not_served'
  | 'other'

/** How a failure is recognised by Envoy's details of it, and what it means. */
export interface FailureReason {
  readonly code: FailureCode
  readonly kind: FailureKind
  /** A part of Envoy's `%RESPONSE_CODE_DETAILS%`. */
  readonly details?: string
  /** How the only attempt to send the request failed, if Envoy's details only say that it was not retried. */
  readonly attempt?: 'unreachable' | 'no answer' | 'bad answer'
  /** The route that answers, if the details are not enough. */
  readonly route?: string
  /** Whether an unfinished request found no place. */
  readonly unfinished?: true
  /** The status that Envoy answers with. */
  readonly status?: number
  /** For the log: what is wrong, and which option affects it. */
  readonly words: string
  /** Whether Envoy's details are logged too, since they have more than the words. */
  readonly more?: true
}
