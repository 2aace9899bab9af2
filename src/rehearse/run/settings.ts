import type { Course } from '../load/schedule.js'
import type { PlannedIncident } from '../world.js'

/** What to rehearse. */
export interface RehearsalSettings extends Course {
  readonly target: Target
  readonly incidents: readonly PlannedIncident[]
  /** Public addresses are allowed: the operator has said that they are theirs. */
  readonly isMine: boolean
}

export type Target = OwnTarget | GivenTarget | HubTarget

/** A proxy that the rehearsal starts; undefined: this program. */
export interface OwnTarget {
  readonly kind: 'own'
  readonly command: string | undefined
}

/** A proxy that runs, of which the rehearsal is the hub. */
export interface GivenTarget {
  readonly kind: 'given'
  readonly publicUrl: string
  readonly apiUrl: string
  readonly token: string | undefined
}

/** A hub that runs, with whatever proxy it has. */
export interface HubTarget {
  readonly kind: 'hub'
  /** Where users reach it; with the hub's base path, if it has one. */
  readonly url: string
  /** Of its proxy's REST API, which is not called: it only shows which processes are the proxy's. Undefined if unknown. */
  readonly apiUrl: string | undefined
  /** Of an administrator, or a service that may create users, tokens and servers. */
  readonly token: string
  /** Each user starts a named server of this name; undefined: the default server. */
  readonly serverName: string | undefined
}

/** What people who watch are told while it runs. */
export interface Audience {
  /** Each second. */
  onSecond(progress: Progress): void
  /** Something that happens, in a line. */
  onNote(text: string): void
}

export interface Progress {
  readonly elapsedMs: number
  readonly forMs: number
  readonly users: number
  readonly activeUsers: number
  readonly websockets: number
  /** Of the last second. */
  readonly requests: number
  /** In milliseconds; 0 without requests. */
  readonly p99: number
  /** Since the start, without those that are excused. */
  readonly failures: number
}
