/** Decides whether Envoys are served, and hears of them. */
export interface EnvoyAdmission {
  /** Whether a new stream is served. Otherwise its connection is closed, so that the Envoy tries another address. */
  admits(): boolean
  /** An Envoy has acknowledged all that it lacked when it connected. */
  loaded(node: string): void
  /** The last stream of an Envoy has ended. @param silentMs for how long it had owed an answer */
  left(node: string, silentMs: number): void
}
