/** What has happened to the proxy itself. */
export type EventKind =
  /** Envoy refused a route that was posted. The subject is the route's key. */
  | 'route_refused'
  /** A change of a route could not be stored. The subject is the route's key. */
  | 'not_stored'
  /** The Envoy that this program watches has ended; it is started again. */
  | 'envoy_ended'
  /** It serves again. */
  | 'envoy_back'
  /** An Envoy's connection to the control plane has ended. The subject is its node id. */
  | 'envoy_disconnected'

export interface RecentEvent {
  readonly kind: EventKind
  readonly subject: string
  /** The last time, if it happened several times in a row. */
  readonly at: Date
  readonly count: number
  /** In a few words, without secrets. */
  readonly reason: string
  /** Whether a later change of the same route has succeeded. */
  readonly isOver: boolean
}

/** How many are kept. */
const MOST = 200

/** The last events, the last one first. Those of one kind and subject in a row are one. */
export class RecentEvents {
  #events: readonly RecentEvent[] = []

  add(kind: EventKind, subject: string, reason: string, at: Date): void {
    const [last, ...earlier] = this.#events
    const isSame = last?.kind === kind && last.subject === subject
    this.#events = isSame
      ? [{ kind, subject, reason, at, count: last.count + 1, isOver: false }, ...earlier]
      : [{ kind, subject, reason, at, count: 1, isOver: false }, ...this.#events].slice(0, MOST)
  }

  /** Those about this subject no longer describe what is. */
  areOver(subject: string): void {
    if (!this.#events.some((event) => event.subject === subject)) return
    this.#events = this.#events.map((event) => (event.subject === subject ? { ...event, isOver: true } : event))
  }

  get all(): readonly RecentEvent[] {
    return this.#events
  }

  /** The last one about Envoys. A watched Envoy that is away has ended, whatever was noticed afterwards. */
  get ofEnvoys(): RecentEvent | undefined {
    const watched = this.last('envoy_ended', 'envoy_back')
    return watched?.kind === 'envoy_ended' ? watched : this.last('envoy_back', 'envoy_disconnected')
  }

  /** The last one of some kinds. */
  last(...kinds: readonly EventKind[]): RecentEvent | undefined {
    return this.#events.find(({ kind }) => kinds.includes(kind))
  }

  /** The last one about a subject of some kinds. */
  lastOf(subject: string, ...kinds: readonly EventKind[]): RecentEvent | undefined {
    return this.#events.find((event) => event.subject === subject && kinds.includes(event.kind))
  }
}
