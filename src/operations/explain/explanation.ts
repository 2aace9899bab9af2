import type { Probe } from '../probe/probe.js'
import type { EventKind } from '../recent/events.js'
import type { RecentCode } from '../recent/failures.js'
import type { Finding } from './finding.js'

/** The answer to a {@link Question}, as JSON: the API sends it, the command line and the status page show it. */
export interface Explanation {
  /** When it was made, in ISO 8601, as all times below. */
  readonly at: string
  readonly asked: Question
  /** Whether a user who asks for this path now can be expected to get an answer of the server. */
  readonly reachable: boolean
  /** What is wrong and what to do, the most important first; at least one, which says so if nothing is wrong. */
  readonly findings: readonly Finding[]
  /** The route that takes the request; null if none does. */
  readonly route: ExplainedRoute | null
  /** All routes whose prefix the path has, the longest first. */
  readonly candidates: readonly Candidate[]
  /** What each connected Envoy has of the longest of these. */
  readonly envoys: readonly EnvoyHolding[]
  /** What a request of the control plane itself to the target found; null if there is none. */
  readonly probe: Probe | null
  /** The same of the hub, which is the target of `/`; null if the request goes there anyway, or there is no `/`. */
  readonly hub: Probe | null
  /** The last failures of the route's requests, the last first; those of no route if none takes the request. */
  readonly errors: readonly ExplainedFailure[]
  /** What happened to the proxy and to this route, the last first. */
  readonly events: readonly ExplainedEvent[]
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
  /** The known addresses of the target's host name; empty if it has none. */
  readonly addresses: readonly string[]
  /** What the hub posted: see {@link shownData}. */
  readonly posted: Readonly<Record<string, unknown>>
  /** When it was posted; null if it was stored by a version that did not keep that. */
  readonly added: string | null
  readonly lastActivity: string
  /** Requests and websockets under way. */
  readonly underWay: number
  /**
   * Whether these are all of now, or only those that have lasted for two seconds, as of a few seconds ago: external Envoys
   * can't be asked.
   */
  readonly underWayOf: 'all' | 'longer_than_2_s'
}

export interface Candidate {
  readonly routespec: string
  readonly target: string
  /** Whether it takes the request. */
  readonly takes: boolean
  /** Why Envoy or this program refuses it; null if neither does. */
  readonly refused: string | null
}

export interface EnvoyHolding {
  /** Its node id. */
  readonly node: string
  /**
   * - `acknowledged`: it has the route as it is in the table.
   * - `earlier`: it has an earlier version; the current one is on its way.
   * - `refused`: it refuses the current version; `version` says whether it has an earlier one.
   * - `missing`: it doesn't have the route; it is on its way.
   * - `loading`: it has just started and doesn't serve yet.
   */
  readonly state: 'acknowledged' | 'earlier' | 'refused' | 'missing' | 'loading'
  /** The version that it has, a hash of the content; null if it has none or it is not known which. */
  readonly version: string | null
  /** Envoy's reason for `refused`; otherwise null. */
  readonly reason: string | null
}

/** Requests that failed for one reason, without another reason in between. */
export interface ExplainedFailure {
  readonly code: RecentCode
  /** The same in words. */
  readonly reason: string
  readonly first: string
  readonly last: string
  readonly count: number
}

export interface ExplainedEvent {
  readonly kind: EventKind
  /** A route's key or an Envoy's node id; empty for an event of the one Envoy that this program starts. */
  readonly subject: string
  readonly at: string
  /** How often in a row. */
  readonly count: number
  readonly reason: string
}
