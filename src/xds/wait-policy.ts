import type { Clock } from '../platform/clock.js'

/** Which Envoys a change of a resource waits for, and how long. All times are in milliseconds. */
export interface WaitPolicy {
  /**
   * If true, a change waits until an Envoy is connected; otherwise it is accepted at once and delivered to Envoys that
   * connect later.
   */
  readonly needsEnvoy: boolean
  /**
   * How long an Envoy whose stream has ended may take to reconnect while it serves its last state. Changes are not
   * answered before it has reconnected or is given up.
   */
  readonly returnMs: number
  /** The same for the Envoys of an earlier control plane, from the start on. */
  readonly startMs: number
  /** How long an Envoy may be silent when others have answered, before its stream is closed; undefined for no limit. */
  readonly silenceMs?: number
  /** Whether a silent Envoy is cut off even if no other has answered: it can connect to another control plane. */
  readonly cutsOffLast?: boolean
}

/** The one Envoy that this control plane has started: it reconnects soon, or the change fails. */
export const ONE_ENVOY: WaitPolicy = { needsEnvoy: true, returnMs: 0, startMs: 0 }

/**
 * External Envoys. They try to reconnect at once after their stream has ended, and then at least every second (see
 * `bootstrap`), so an Envoy that only lost its connection is back in time. After a start of the control plane, the
 * network may first have to learn its new address.
 */
export const ANY_ENVOYS: WaitPolicy = { needsEnvoy: false, returnMs: 500, startMs: 2_000, silenceMs: 2_000 }

/**
 * External Envoys of several control planes. Changes wait for one that has left by way of its control plane, wherever it
 * may be: see fleet/. After a start, they wait as long as they do there, so that there is an Envoy to try them.
 */
export const ENVOYS_OF_FLEET: WaitPolicy = {
  ...{ needsEnvoy: false, returnMs: 0, startMs: 1_300 },
  ...{ silenceMs: 1_000, cutsOffLast: true },
}

/** Envoys that may be about to reconnect while they serve their last state, by node id. */
export class ExpectedReturns {
  readonly #clock: Clock
  readonly #until = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(node: string, ms: number): void {
    this.#until.set(node, this.#clock.now() + ms)
  }

  /** Called when it has reconnected. */
  end(node: string): void {
    this.#until.delete(node)
  }

  /** When the last of them is given up, on the clock; 0 if none is expected. */
  get until(): number {
    const now = this.#clock.now()
    for (const [node, until] of this.#until) if (until <= now) this.#until.delete(node)
    return Math.max(0, ...this.#until.values())
  }
}
