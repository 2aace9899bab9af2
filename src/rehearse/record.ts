import type { SparseHistogram } from './histogram.js'

/** How users come and what they do; `src/rehearse/load/profiles.ts` has the figures. */
export type ProfileName = 'lecture' | 'homework' | 'exam' | 'idle'

/**
 * What is waited for, so that times are told apart. `spawn` is the whole time until a server can be used, and no request by
 * itself; `kernel` asks whether a kernel is there whose websocket is gone; `message` is one to a kernel and what comes back.
 */
export type Act =
  | 'login'
  | 'spawn'
  | 'static'
  | 'page'
  | 'poll'
  | 'save'
  | 'upload'
  | 'download'
  | 'websocket'
  | 'kernel'
  | 'message'

/**
 * Why something failed, from the user's side: `status 503`, `refused`, `reset`, `cut off` (the connection ended within the
 * response), `timeout`, `wrong server` (the response came from another user's server), `not HTTP`, `websocket broken`, or the
 * system's name for another error of a connection.
 */
export type FailureKind = string

/** All that a rehearsal saw: the JSON of its report. Times are milliseconds since `started` unless said otherwise. */
export interface Rehearsal {
  readonly tool: { readonly name: string; readonly version: string }
  /** When the first user might come, as ISO 8601. */
  readonly started: string
  /** How long it ran: shorter than `options.forMs` if it was interrupted. */
  readonly durationMs: number
  /** Ended by Ctrl-C, or by a failure that made it useless to go on. */
  readonly ended: 'complete' | 'interrupted' | { readonly failed: string }
  readonly options: RehearsalOptions
  readonly proxy: ProxyDescription
  readonly machine: { readonly cpus: number; readonly memoryBytes: number; readonly os: string; readonly node: string }
  /** One for each second, from 0 on without gaps. */
  readonly seconds: readonly Second[]
  /** Over the whole time, by what was done. */
  readonly acts: readonly ActSummary[]
  readonly failures: readonly Failure[]
  /** By index: `users[0]` is the first that came. */
  readonly users: readonly UserRecord[]
  readonly incidents: readonly IncidentRecord[]
  readonly processes: readonly ProcessRecord[]
  /** At the end: routes that the hub wants, those of them that the proxy lacks, and those that it has beside them. */
  readonly table: { readonly wanted: number; readonly missing: number; readonly stale: number } | undefined
  readonly generator: GeneratorRecord
}

export interface RehearsalOptions {
  readonly mode: 'proxy-only' | 'hub'
  readonly users: number
  readonly profile: ProfileName
  /** Within this time all users come. */
  readonly rampMs: number
  readonly forMs: number
  readonly seed: number
  /** As they were asked for: `envoy-killed`, `table-lost@120s`. */
  readonly incidents: readonly string[]
}

export interface ProxyDescription {
  readonly kind: 'this' | 'chp' | 'other'
  /** As a person would call it: `configurable-envoy-proxy`, `configurable-http-proxy`, or the command's name. */
  readonly name: string
  /** Undefined if it doesn't say. */
  readonly version: string | undefined
  readonly publicUrl: string
  /** Undefined in hub mode: there the hub alone speaks with it. */
  readonly apiUrl: string | undefined
  /** How it was started, without secrets; undefined if it ran before. */
  readonly command: readonly string[] | undefined
}

/** What happened in one second. What began earlier counts when it ended. */
export interface Second {
  /** Which second: 0 is the first. */
  readonly at: number
  /** Requests that were answered, or failed; messages are not among them. */
  readonly requests: number
  /** Those that are excused are not among them. */
  readonly failures: Readonly<Record<FailureKind, number>>
  /** Failures of users for whom an incident was the very thing that failed: see `World.excuse`. */
  readonly excused: number
  /** Of requests that succeeded, from when the user wanted it to the last byte, waiting for a connection included. */
  readonly latency: SparseHistogram
  /** Messages over websockets that came back. */
  readonly messages: number
  readonly messageLatency: SparseHistogram
  /** At the end of the second: users who have come and not yet left. */
  readonly activeUsers: number
  readonly websocketsOpen: number
  /** Connections to the proxy, those of websockets included. */
  readonly connections: number
  /** Websockets that broke in this second although the user wanted them, without those that are excused. */
  readonly websocketsBroken: number
  readonly bytesReceived: number
  readonly bytesSent: number
  /** By how much the generator was late at most, in milliseconds; see {@link GeneratorRecord}. */
  readonly latenessMs: number
}

export interface ActSummary {
  readonly act: Act
  readonly count: number
  readonly failed: number
  /** Of those that succeeded. */
  readonly latency: SparseHistogram
}

export interface Failure {
  readonly kind: FailureKind
  readonly excused: boolean
  readonly count: number
  /** How many users saw it. */
  readonly users: number
  readonly firstMs: number
  readonly lastMs: number
  /** One of them: `GET /user/rehearsal-17/api/status`. */
  readonly example: string
}

/**
 * What one user saw. A gap of service is from when a user first wanted something that failed to when something succeeded
 * again; one that is still open at the end lasts until then. That without a kernel is from when the websocket broke, a handshake
 * failed or a message had no answer, to when there was a websocket or an answer again. Of what is excused nothing counts in
 * the other figures; who is without service when the excuse ends is so from then on.
 */
export interface UserRecord {
  readonly name: string
  /** When the user came; undefined if it never did, in a rehearsal that was interrupted. */
  readonly arrivedMs: number | undefined
  /** From arrival to a notebook that can be used: login, spawn, JupyterLab's start and the kernel's websocket. */
  readonly readyAfterMs: number | undefined
  /** When the user left for the first time, whether or not it came back; undefined if it stayed. */
  readonly leftMs: number | undefined
  readonly requests: number
  readonly failures: number
  readonly excused: number
  readonly websocketsBroken: number
  readonly gaps: number
  readonly longestGapMs: number
  readonly totalGapMs: number
  readonly kernelGaps: number
  readonly longestKernelGapMs: number
}

/** An incident as it happened. */
export interface IncidentRecord {
  readonly name: string
  readonly fromMs: number
  readonly toMs: number
  /** What was done, in order; each a short sentence. */
  readonly deeds: ReadonlyArray<{ readonly atMs: number; readonly what: string }>
  /** False if the proxy has no part for it, such as Envoy in CHP; `failed` says which. */
  readonly applicable: boolean
  /** Why it could not be done, or not completely. */
  readonly failed: string | undefined
}

/** A process of the proxy, as long as it lived. */
export interface ProcessRecord {
  readonly pid: number
  readonly role: ProcessRole
  readonly command: string
  readonly samples: readonly ProcessSample[]
}

/** `proxy` is one process that is everything, such as CHP; `helper` is any other that belongs to it. */
export type ProcessRole = 'proxy' | 'control-plane' | 'envoy' | 'helper'

export interface ProcessSample {
  readonly atMs: number
  /** Processor time since it started, in milliseconds: user and system. */
  readonly cpuMs: number
  /** Resident memory. */
  readonly rssBytes: number
  /** Its share of memory: pages that it shares with other processes count in part. Undefined where the system doesn't say. */
  readonly pssBytes: number | undefined
  readonly sockets: number
  readonly files: number
  readonly threads: number
}

/**
 * What the rehearsal itself took. Where `limits` isn't empty, the generator and not the proxy may be what was slow: figures of
 * time then say little.
 */
export interface GeneratorRecord {
  /** Processor time of users, hub and servers together. */
  readonly cpuMs: number
  readonly maxRssBytes: number
  /** By how much later than planned each act began. */
  readonly lateness: SparseHistogram
  readonly latenessP99Ms: number
  /** The largest share of ten seconds in which one of its threads was busy, from 0 to 1. */
  readonly busiestThread: number
  /** In sentences for people: what of the generator was a limit. Empty if nothing was. */
  readonly limits: readonly string[]
}
