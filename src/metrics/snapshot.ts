import type { FleetFigures } from '../fleet/view.js'
import type { Distribution } from './distribution.js'

/**
 * What is known at one moment, for Prometheus' page and for the status page. All totals count from {@link Snapshot.since}
 * on, over all Envoys; they come with Envoys' reports, so they are up to 2 s old.
 */
export interface Snapshot {
  readonly at: Date
  /** When this control plane started. */
  readonly since: Date
  readonly traffic: TrafficTotals
  /** The same of the last five minutes, or since the start if that is shorter. */
  readonly recent: Recent
  /** Users' requests that Envoy itself failed, by {@link FAILURE_KINDS}. */
  readonly failed: ReadonlyMap<string, number>
  /** Connections that Envoy closed before any request, by limit: see {@link CONNECTION_LIMITS}. */
  readonly closed: ReadonlyMap<string, number>
  /** What was refused or ended to protect the rest, by reason: see {@link shedByReason}. */
  readonly shed: ReadonlyMap<string, number>
  readonly latency: Latency
  readonly open: OpenNow
  readonly limits: readonly LimitFill[]
  readonly envoys: readonly ConnectedEnvoy[]
  readonly certificates: readonly CertificateInUse[]
  readonly routes: { readonly total: number; readonly rejected: number }
  readonly names: HostNameFigures
  readonly store: StoreFigures
  readonly changes: ChangeFigures
  readonly delivery: DeliveryFigures
  readonly memory: MemoryFigures
  /** Of this control plane among others of the same routes; undefined if it is the only one. */
  readonly fleet: FleetFigures | undefined
}

/** Totals of users' requests. */
export interface TrafficTotals {
  /** Requests begun, without websockets; health checks are left out only if {@link byStatus} is known. */
  readonly web: number
  /** Websockets asked for. */
  readonly websockets: number
  /** Answers by status, as CHP counts them; undefined without --metrics-port or --metrics-socket. */
  readonly byStatus: ReadonlyMap<string, number> | undefined
  /** Answers by the first digit of their status, with health checks and opened websockets. */
  readonly byClass: ReadonlyMap<string, number>
  /** Times that a request was sent to its target again; undefined without the metrics options. */
  readonly retries: number | undefined
  /** Bytes on users' connections, with headers, within TLS. */
  readonly bytes: { readonly received: number; readonly sent: number }
}

export interface Recent {
  /** How long the figures reach back. */
  readonly seconds: number
  /** Answers by the first digit of their status. */
  readonly byClass: ReadonlyMap<string, number>
  /** Requests that Envoy itself failed. */
  readonly failed: number
  readonly bytes: { readonly received: number; readonly sent: number }
  readonly latency: Pick<Latency, 'whole' | 'upstream'>
}

/** Distributions in seconds. */
export interface Latency {
  /** From a request's first byte to its answer's last one. A websocket counts with its life when it ends. */
  readonly whole: Distribution
  /** From a request's first byte to the target until the answer's first byte; empty without the metrics options. */
  readonly upstream: Distribution
  /** How long Envoy took to find the route; empty without the metrics options. */
  readonly lookup: Distribution
}

/** What is open now, over all Envoys. */
export interface OpenNow {
  readonly connections: number
  /** Requests in flight, with websockets. */
  readonly requests: number
  readonly websockets: number
}

/** How near a limit is. */
export interface LimitFill {
  /**
   * `connections` (--max-connections), `heap` (--max-heap), `requests_per_route` (--max-requests-per-route, the fullest
   * route), `waiting_requests` and `uploads` (see {@link waitingPlaces}), or the connections of a server of Node.js: `api_connections`, `metrics_connections`, `xds_connections`.
   */
  readonly limit: string
  /** The Envoy that has it; undefined for a limit of the control plane. */
  readonly envoy?: string
  /** In the unit of the limit: connections, bytes, requests. */
  readonly used: number
  /** Undefined if it is not known: an external Envoy has its own options. */
  readonly max: number | undefined
  /** 0 to 1, and 1 is full. */
  readonly ratio: number
}

/** An Envoy with a stream to this control plane. */
export interface ConnectedEnvoy {
  /** Its node id. */
  readonly id: string
  /** Such as `1.40.0`; undefined if it hasn't said. */
  readonly version: string | undefined
  readonly since: Date
  /** Resources that it hasn't answered for yet; with 0 it has acknowledged, or refused, all there is. */
  readonly pending: number
  /** Resources of their latest version that it has refused. */
  readonly rejected: number
  /** From its last report, if that is not older than ten seconds. */
  readonly report?: EnvoyReport | undefined
}

/** What an Envoy said of itself. */
export interface EnvoyReport {
  readonly at: Date
  readonly uptimeSeconds: number
  readonly open: OpenNow
  /** What its limit is compared with, and what the process takes in all. */
  readonly heapBytes: number
  readonly physicalBytes: number
}

/** A certificate, or a file of authorities, in use. */
export interface CertificateInUse {
  /** The option that names its file, such as `--ssl-cert`. */
  readonly option: string
  readonly path: string
  /**
   * When it ends: the first of a chain. Of a file of authorities the next one that ends, or the last if all have ended.
   */
  readonly expires: Date
}

export interface HostNameFigures {
  /** Host names of targets. */
  readonly used: number
  /** Those without an address: their routes answer 503. */
  readonly unresolved: number
  /** Queries that failed. */
  readonly failures: number
}

export interface StoreFigures {
  /** How long writes took, in seconds. */
  readonly writes: Distribution
  readonly failures: number
  /** The size of its files, and what is free on their disk; undefined for a store without files. */
  readonly bytes: number | undefined
  readonly freeBytes: number | undefined
}

/** How long changes of routes took, from the call until every Envoy had acknowledged them, in seconds. */
export interface ChangeFigures {
  readonly added: Distribution
  readonly removed: Distribution
  /** Changes that an Envoy refused or didn't acknowledge. */
  readonly failures: number
}

export interface DeliveryFigures {
  /** Resources that Envoys rejected. */
  readonly rejections: number
  /** Times that an Envoy didn't answer while others did, and was cut off. */
  readonly cutOff: number
}

/** The control plane's memory, in bytes. */
export interface MemoryFigures {
  readonly heapUsed: number
  readonly heapMax: number
  readonly resident: number
}
