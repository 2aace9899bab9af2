/** What is wrong, or that nothing is: one for each remedy. docs/explain.md has a table of them. */
export type Cause =
  | 'ok'
  | 'health_check'
  // The proxy
  | 'envoy_restarting'
  | 'envoy_away'
  | 'envoy_behind'
  | 'certificate_expired'
  | 'heap_full'
  | 'connections_full'
  | 'unfinished_full'
  | 'disk_full'
  // The route
  | 'route_missing'
  | 'route_refused'
  | 'route_full'
  // Its target
  | 'target_refuses'
  | 'target_hangs'
  | 'target_unreachable'
  | 'target_denied'
  | 'target_fails'
  | 'target_certificate_expired'
  | 'target_certificate_refused'
  | 'wrong_port'
  | 'dns_gone'
  | 'envoy_can_not_reach'
  | 'recent_failures'
  | 'hub_down'

/** One thing that is wrong, and what to do. */
export interface Finding {
  readonly cause: Cause
  /** `error`: who asks for this path gets no answer of the server. `warning`: some don't, or not for long. */
  readonly severity: 'ok' | 'warning' | 'error'
  /** What is wrong with what, in a sentence. */
  readonly what: string
  /** What to do, in a sentence; empty if there is nothing to do. */
  readonly todo: string
}

export function error(cause: Cause, what: string, todo: string): Finding {
  return { cause, severity: 'error', what, todo }
}

export function warning(cause: Cause, what: string, todo: string): Finding {
  return { cause, severity: 'warning', what, todo }
}
