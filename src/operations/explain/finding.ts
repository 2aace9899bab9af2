/** What is wrong, or that nothing is: one for each remedy. docs/explain.md lists them. */
export type Cause = 'ok' | 'route_missing' | 'route_refused' | 'envoy_away' | 'envoy_behind'

/** One thing that is wrong, and what to do. */
export interface Finding {
  readonly cause: Cause
  /** `error`: users get no answer. `warning`: they do, but not all of them or not for long. */
  readonly severity: 'ok' | 'warning' | 'error'
  /** What is wrong with what, a sentence. */
  readonly what: string
  /** What to do, a sentence; empty if there is nothing to do. */
  readonly todo: string
}
