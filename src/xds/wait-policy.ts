import type { Clock } from '../platform/clock.js'

/** Which Envoys a change of a resource waits for, and how long. All times are in milliseconds. */
export interface WaitPolicy {
  /**
   * If true, a change waits until an Envoy is connected; otherwise it is accepted at once and delivered to Envoys that
   * connect later.
   */
  readonly needsEnvoy: boolean
  /**
   * How long an Envoy whose stream has ended may be on its way back, still serving what it had. Changes are not answered
   * before it is either back or given up.
   */
  readonly returnMs: number
  /** The same for Envoys that an earlier control plane has left, from the start on. */
  readonly startMs: number
  /** How long an Envoy may be silent when others have answered, before its stream is closed; undefined for no limit. */
  readonly silenceMs?: number
}

/** The one Envoy that this control plane has started: it is back soon, or the change fails. */
export const ONE_ENVOY: WaitPolicy = { needsEnvoy: true, returnMs: 0, startMs: 0 }

/**
 * Envoys that others start and end. They try again 0.05-0.25 s after their stream has ended (see `bootstrap`), so that
 * one that only lost its connection is there again in time. After a start the network may first have to learn where the
 * new control plane is.
 */
export const ANY_ENVOYS: WaitPolicy = { needsEnvoy: false, returnMs: 500, startMs: 2_000, silenceMs: 2_000 }

/** Envoys that may be on their way back, still serving what they had, by node id. */
export class ExpectedReturns {
  readonly #clock: Clock
  readonly #until = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(node: string, ms: number): void {
    this.#until.set(node, this.#clock.now() + ms)
  }

  /** It is back. */
  end(node: string): void {
    this.#until.delete(node)
  }

  /** When the last of them is given up, by the clock; 0 if none is expected. */
  get until(): number {
    const now = this.#clock.now()
    for (const [node, until] of this.#until) if (until <= now) this.#until.delete(node)
    return Math.max(0, ...this.#until.values())
  }
}
