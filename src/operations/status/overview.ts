import type { FleetView } from '../../fleet/view.js'
import type { Distribution } from '../../metrics/distribution.js'
import { quantile } from '../../metrics/distribution.js'
import type { ConnectedEnvoy, LimitFill } from '../../metrics/snapshot.js'
import type { EventKind, RecentEvent } from '../recent/events.js'
import type { RouteFailure, StatusFacts } from './facts.js'
import { failureWords } from './failure-words.js'
import type { Verdict } from './finding.js'
import { daysLeft } from './rules-certificates.js'
import { verdict } from './verdict.js'

/** How many of the last failures and events are shown. */
const SHOWN = 12

/** The status page's figures: `GET /api/status`. Times are ISO 8601, durations seconds, sizes bytes. */
export interface Overview {
  readonly at: string
  readonly version: string
  /** Whether this program starts Envoy itself. */
  readonly isEmbedded: boolean
  /** When the control plane started. */
  readonly since: string
  readonly verdict: Verdict
  readonly traffic: TrafficView
  readonly limits: readonly LimitFill[]
  readonly routes: { readonly total: number; readonly refused: number; readonly unresolvedNames: number }
  readonly envoys: readonly EnvoyView[]
  /** The control planes that serve the same routes; null if this is the only one. */
  readonly fleet: FleetView | null
  readonly certificates: readonly CertificateView[]
  /** Which requests failed, those that failed last first. */
  readonly failures: readonly FailureView[]
  /** Refusals and restarts, the last first. */
  readonly events: readonly EventView[]
  readonly controlPlane: ControlPlaneView
}

/** Users' requests of the last minutes. */
export interface TrafficView {
  /** How far it reaches back, in seconds. */
  readonly seconds: number
  readonly requests: number
  readonly requestsPerSecond: number
  /** Answers by the first digit of their status. */
  readonly byClass: Readonly<Record<string, number>>
  /** Requests that Envoy itself failed. */
  readonly failed: number
  /** Seconds until the whole answer was sent; null if there was no request. */
  readonly latency: { readonly p50: number | null; readonly p99: number | null }
  readonly bytesPerSecond: { readonly received: number; readonly sent: number }
  readonly open: { readonly connections: number; readonly requests: number; readonly websockets: number }
}

export interface EnvoyView {
  readonly id: string
  readonly version: string | null
  /** Since when it is connected to this control plane. */
  readonly since: string
  /** Changes that it hasn't answered yet; with 0 it has acknowledged the latest version of everything. */
  readonly pending: number
  /** Resources that it refuses. */
  readonly rejected: number
  readonly uptimeSeconds: number | null
  readonly heapBytes: number | null
  readonly physicalBytes: number | null
  readonly connections: number | null
}

export interface CertificateView {
  readonly option: string
  readonly path: string
  readonly expires: string
  /** Rounded down; negative once it has expired. */
  readonly daysLeft: number
}

/** Requests of a route that failed for one reason. */
export interface FailureView {
  /** Null if none had been chosen yet. */
  readonly routespec: string | null
  readonly target: string | null
  readonly code: string
  /** The same in words. */
  readonly reason: string
  readonly count: number
  readonly first: string
  readonly last: string
}

export interface EventView {
  readonly kind: EventKind
  /** The last time. */
  readonly at: string
  /** How often in a row. */
  readonly count: number
  /** What happened, in a sentence. */
  readonly what: string
}

export interface ControlPlaneView {
  readonly heapUsed: number
  readonly heapMax: number
  readonly resident: number
  readonly storeBytes: number | null
  readonly storeFreeBytes: number | null
  /** Seconds until every Envoy had acknowledged an added route; null if there was none. */
  readonly addedRoute: { readonly count: number; readonly p50: number | null; readonly p99: number | null }
}

/** A pure function: the same facts give the same view. */
export function overview(facts: StatusFacts): Overview {
  const { snapshot, version, isEmbedded } = facts
  return {
    at: snapshot.at.toISOString(),
    version,
    isEmbedded,
    since: snapshot.since.toISOString(),
    verdict: verdict(facts),
    traffic: trafficOf(facts),
    limits: snapshot.limits,
    routes: {
      total: snapshot.routes.total,
      refused: facts.refusals.size,
      unresolvedNames: snapshot.names.unresolved,
    },
    envoys: snapshot.envoys.map(envoyView),
    fleet: facts.fleet ?? null,
    certificates: snapshot.certificates.map((certificate) => ({
      option: certificate.option,
      path: certificate.path,
      expires: certificate.expires.toISOString(),
      daysLeft: daysLeft(certificate, snapshot.at),
    })),
    failures: facts.failures.slice(0, SHOWN).map(failureView),
    events: facts.events.slice(0, SHOWN).map(eventView),
    controlPlane: controlPlaneOf(facts),
  }
}

function trafficOf({ snapshot: { recent, open } }: StatusFacts): TrafficView {
  const seconds = Math.max(1, recent.seconds)
  const requests = [...recent.byClass.values()].reduce((sum, count) => sum + count, 0)
  return {
    seconds: recent.seconds,
    requests,
    requestsPerSecond: requests / seconds,
    byClass: Object.fromEntries(recent.byClass),
    failed: recent.failed,
    latency: quantiles(recent.latency.whole),
    bytesPerSecond: { received: recent.bytes.received / seconds, sent: recent.bytes.sent / seconds },
    open,
  }
}

function envoyView({ id, version, since, pending, rejected, report }: ConnectedEnvoy): EnvoyView {
  return {
    id,
    version: version ?? null,
    since: since.toISOString(),
    pending,
    rejected,
    uptimeSeconds: report?.uptimeSeconds ?? null,
    heapBytes: report?.heapBytes ?? null,
    physicalBytes: report?.physicalBytes ?? null,
    connections: report?.open.connections ?? null,
  }
}

function controlPlaneOf({ snapshot: { memory, store, changes } }: StatusFacts): ControlPlaneView {
  return {
    ...memory,
    storeBytes: store.bytes ?? null,
    storeFreeBytes: store.freeBytes ?? null,
    addedRoute: { count: changes.added.count, ...quantiles(changes.added) },
  }
}

function quantiles(values: Distribution): { readonly p50: number | null; readonly p99: number | null } {
  return { p50: quantile(values, 0.5) ?? null, p99: quantile(values, 0.99) ?? null }
}

function failureView({ routespec, target, code, count, first, last }: RouteFailure): FailureView {
  return {
    routespec: routespec ?? null,
    target: target ?? null,
    ...{ code, reason: failureWords(code), count },
    first: first.toISOString(),
    last: last.toISOString(),
  }
}

const EVENTS: Readonly<Record<EventKind, (subject: string, reason: string) => string>> = {
  route_refused: (subject, reason) => `Envoy refused the route ${subject}: ${reason}`,
  not_stored: (subject, reason) => `A change of ${subject} could not be stored: ${reason}`,
  envoy_ended: (_subject, reason) => `Envoy ended: ${reason}`,
  envoy_back: (_subject, reason) => `Envoy serves again: ${reason}`,
  envoy_disconnected: (subject) => `Envoy ${subject} disconnected`,
}

/** What happened, in a sentence. */
export function eventWords(kind: EventKind, subject: string, reason: string): string {
  return EVENTS[kind](subject, reason)
}

function eventView({ kind, subject, at, count, reason }: RecentEvent): EventView {
  return { kind, at: at.toISOString(), count, what: eventWords(kind, subject, reason) }
}
