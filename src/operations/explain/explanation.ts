import type { Finding } from './finding.js'

/** The answer to {@link Question}, as JSON: the API sends it, the command line and the status page show it. */
export interface Explanation {
  /** When it was made, in ISO 8601, as all times below. */
  readonly at: string
  readonly asked: Question
  /** Whether a user who asks for this path now can be expected to get an answer of the target. */
  readonly reachable: boolean
  /** What is wrong and what to do, the most important first; at least one, which says so if nothing is wrong. */
  readonly findings: readonly Finding[]
  /** The route that takes the request; null if none does. */
  readonly route: ExplainedRoute | null
  /** All routes whose prefix the path has, the longest first. */
  readonly candidates: readonly Candidate[]
  /** What each connected Envoy has of the route that should take the request. */
  readonly envoys: readonly EnvoyHolding[]
}

export interface Question {
  /** The path of a request, without its query. */
  readonly path: string
  /** The host of the request; null if none was given. It matters under --host-routing only. */
  readonly host: string | null
}

export interface ExplainedRoute {
  readonly routespec: string
  /** Why this route and no other, in a sentence. */
  readonly why: string
  /** As a URL, without credentials and a query. */
  readonly target: string
  /** What the hub posted: see {@link shownData}. */
  readonly posted: Readonly<Record<string, unknown>>
  readonly lastActivity: string
}

export interface Candidate {
  readonly routespec: string
  readonly target: string
  /** Whether it takes the request. */
  readonly takes: boolean
  /** Why an Envoy doesn't have it, in Envoy's words or ours; null if nothing refuses it. */
  readonly refused: string | null
}

export interface EnvoyHolding {
  /** Its node id. */
  readonly node: string
  /**
   * - `acknowledged`: it has the route as it is in the table.
   * - `earlier`: it has an earlier version; the current one is on its way.
   * - `refused`: it refuses the current version; {@link version} says whether it has an earlier one.
   * - `missing`: it doesn't have the route; it is on its way.
   * - `loading`: it has just started and doesn't serve yet.
   */
  readonly state: 'acknowledged' | 'earlier' | 'refused' | 'missing' | 'loading'
  /** The version that it has, a hash of the content; null if it has none or it is not known which. */
  readonly version: string | null
  /** Envoy's reason for `refused`; otherwise null. */
  readonly reason: string | null
}
