import type { Probe } from '../probe/probe.js'
import type { RecentEvent } from '../recent/events.js'
import type { RecentCode, RecentFailure } from '../recent/failures.js'
import type { EnvoyHolding } from './explanation.js'

/** All that the verdict depends on. */
export interface Facts {
  readonly now: Date
  /** The path that was asked for, without its query. */
  readonly path: string
  /** Whether Envoy answers the path itself, as its health check. */
  readonly isHealthCheck: boolean
  /** The longest route that matches; undefined if none does. */
  readonly wanted: WantedRoute | undefined
  /** The route that takes the request: a shorter one than the wanted one if Envoy doesn't have that. */
  readonly taker: TakingRoute | undefined
  /** What each connected Envoy has of the wanted route. */
  readonly envoys: readonly EnvoyHolding[]
  /** The last time that an Envoy ended, came back or lost its connection. */
  readonly envoyEvent: RecentEvent | undefined
  /** A change that failed of a route which, had it been made, would take the request now. */
  readonly failedChange: RecentEvent | undefined
  /** Since when no change of a route could be stored. */
  readonly unstored: { readonly since: Date; readonly reason: string } | undefined
  /** Failures that belong to no route, the last first. */
  readonly ofNoRoute: readonly RecentFailure[]
  /** When the certificate of the public port ends; undefined without one. */
  readonly certificateEnds: Date | undefined
  /** The probe of the hub, if the request goes elsewhere; undefined if there is no route `/`. */
  readonly hub: ProbedTarget | undefined
}

export interface WantedRoute {
  readonly routespec: string
  /** Why Envoy or this program refuses it; undefined if neither does. */
  readonly refused: string | undefined
}

/** A target, and what the probe of it found. */
export interface ProbedTarget {
  /** As a URL, without credentials and a query. */
  readonly url: string
  /** The port or the socket, such as `port 8888 of 10.0.0.7`. */
  readonly place: string
  readonly probe: Probe
  /** Why its host name does not resolve now; undefined if it does or has none. */
  readonly unresolved: { readonly host: string; readonly reason: string } | undefined
}

export interface TakingRoute {
  readonly routespec: string
  /** Undefined if the target can't be used at all. */
  readonly target: ProbedTarget | undefined
  /** Its failures, the last first. */
  readonly failures: readonly RecentFailure[]
  /** How many requests may be in flight. */
  readonly maxRequests: number
}

/** A limit that was reached within this time is regarded as reached now. Envoys report every two seconds. */
export const NOW_MS = 15_000

/** What was within this time may still matter. */
export const LATELY_MS = 10 * 60_000

/** The last failure for one of these reasons, if it was within that time. */
export function failedWithin(
  ms: number,
  now: Date,
  failures: readonly RecentFailure[],
  ...codes: readonly RecentCode[]
): RecentFailure | undefined {
  return failures.find(({ code, last }) => codes.includes(code) && now.getTime() - last.getTime() < ms)
}

/** How long ago something was, in words. */
export function ago(at: Date, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - at.getTime()) / 1000))
  if (seconds < 120) return `${seconds} s ago`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min ago`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86_400)} days ago`
}
