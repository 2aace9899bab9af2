import type { Cause } from '../../src/operations/explain/finding.js'

/** What shows that a fault is there. Its rows are the table of docs/faults.md, and what the test of them expects. */
export interface Fault {
  readonly what: string
  /** The cause that `explain` names first. */
  readonly explain: Cause
  /** A finding, an event or a kind of failure on the status page. */
  readonly status: string
  /** The field `failure` of the request's line in the access log; undefined if that names no failure. */
  readonly failure: string | undefined
  /** The status that users get, where the line has a failure. */
  readonly answered: number | undefined
  /** What else there is to say of that line, or why there is none. */
  readonly line: string
}

/** Twelve faults that hubs have had, by name. */
export const FAULTS = {
  refuses: {
    what: 'The target refuses: the server has ended',
    explain: 'target_refuses',
    status: 'failed_connection_refused',
    failure: 'unreachable',
    answered: 503,
    line: 'with the reason "connection refused, nothing listens there"',
  },
  hangs: {
    what: 'The target hangs: it accepts connections and does not answer',
    explain: 'target_hangs',
    status: 'failed_idle',
    failure: 'answer_timeout',
    answered: 503,
    line: 'after `--proxy-timeout`; without that a line with `DownstreamConnectionTermination`, once the user has left',
  },
  wrongPort: {
    what: 'The wrong port: another program answers there',
    explain: 'wrong_port',
    status: 'failed_not_http',
    failure: 'bad_answer',
    answered: 503,
    line: '',
  },
  name: {
    what: "DNS gone: the target's name has no address",
    explain: 'dns_gone',
    status: 'failed_unresolved',
    failure: 'unresolved',
    answered: 503,
    line: '',
  },
  missing: {
    what: 'A route is missing',
    explain: 'route_missing',
    status: 'no_default_route',
    failure: 'no_route',
    answered: 404,
    line: "if there is a route `/`, the line has that `route`, and the hub's own answer",
  },
  refused: {
    what: 'Envoy refuses a route',
    explain: 'route_refused',
    status: 'route_refused',
    failure: undefined,
    answered: undefined,
    line: 'not the cause: the line has the `route` that gets the request instead, such as `/`',
  },
  certificate: {
    what: 'The certificate of the public port has expired',
    explain: 'certificate_expired',
    status: 'certificate_expired',
    failure: undefined,
    answered: undefined,
    line: 'no line: browsers end the connection before they send a request',
  },
  full: {
    what: 'A limit is reached: requests in flight to one route',
    explain: 'route_full',
    status: 'failed_route_full',
    failure: 'route_full',
    answered: 503,
    line: '',
  },
  heap: {
    what: "Envoy's heap is full",
    explain: 'heap_full',
    status: 'limit_heap',
    failure: 'heap_full',
    answered: 503,
    line: '',
  },
  disk: {
    what: 'The disk of the state directory is full: a new route is not stored',
    explain: 'disk_full',
    status: 'store',
    failure: undefined,
    answered: undefined,
    line: "not the cause: the hub was answered 507, and users' requests go on as before",
  },
  restarting: {
    what: 'Envoy has ended and is being started again',
    explain: 'envoy_restarting',
    status: 'envoy_restarting',
    failure: undefined,
    answered: undefined,
    line: 'no line: nothing accepts connections',
  },
  hub: {
    what: 'The hub is down',
    explain: 'hub_down',
    status: 'hub_down',
    failure: 'unreachable',
    answered: 503,
    line: 'with the `route` `/`',
  },
} as const satisfies Readonly<Record<string, Fault>>
