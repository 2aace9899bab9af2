/** Which Envoys a change of a resource waits for, beside the time limit of all. */
export interface Fleet {
  /** Whether a change needs an Envoy: without one it waits until one is there. Else it is kept for those to come. */
  readonly needsEnvoy: boolean
  /**
   * For how many milliseconds an Envoy whose stream has ended may be on its way back, still serving what it had.
   * Changes are not answered before it is either back or given up.
   */
  readonly returnMs: number
  /** The same for Envoys that an earlier control plane has left, from the start on. */
  readonly startMs: number
  /** For how many milliseconds one may be silent when others have answered, before its stream is closed; else for ever. */
  readonly silenceMs?: number
}

/** The one Envoy that this control plane has started: it is back soon, or the change fails. */
export const ONE_ENVOY: Fleet = { needsEnvoy: true, returnMs: 0, startMs: 0 }

/**
 * Envoys that others start and end. They try again 0.05-0.25 s after their stream has ended (see `bootstrap`), so that
 * one that only lost its connection is there again in time. After a start the network may first have to learn where the
 * new control plane is.
 */
export const ANY_ENVOYS: Fleet = { needsEnvoy: false, returnMs: 500, startMs: 2_000, silenceMs: 2_000 }
