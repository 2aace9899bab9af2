import type { Clock } from '../platform/clock.js'

/** Someone who waits until every Envoy has answered for a name. */
export interface Waiter {
  /** What it waits for Envoys to have; undefined for a removal. */
  readonly version: string | undefined
  /** Until when it waits for Envoys that may be on their way back; without an end one that never stays would stop all. */
  readonly patientUntil: number
  /** Whether what it waits for is taken back if it fails. */
  readonly isUndone: boolean
}

interface Waiting extends Waiter {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** Who waits for which name. */
export class Waiters {
  readonly #clock: Clock
  readonly #byName = new Map<string, Set<Waiting>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The names that somebody waits for, those who came first before others. */
  names(): IterableIterator<string> {
    return this.#byName.keys()
  }

  get isEmpty(): boolean {
    return this.#byName.size === 0
  }

  /** Resolves with {@link resolve}; rejects with {@link reject}, or with what `late` gives after the limit. */
  wait(name: string, waiter: Waiter, limitMs: number, late: () => Error): Promise<void> {
    const waiting = this.#byName.get(name) ?? new Set<Waiting>()
    this.#byName.set(name, waiting)
    return new Promise<void>((resolve, reject) => {
      const end = (settle: () => void) => {
        stopTimer()
        waiting.delete(entry)
        if (waiting.size === 0) this.#byName.delete(name)
        settle()
      }
      const entry: Waiting = { ...waiter, resolve: () => end(resolve), reject: (error) => end(() => reject(error)) }
      const stopTimer = this.#clock.after(limitMs, () => entry.reject(late()))
      waiting.add(entry)
    })
  }

  /** Lets those go who need not wait any longer for Envoys that are away until a moment. */
  resolve(name: string, awayUntil: number): void {
    for (const waiting of this.#byName.get(name) ?? []) {
      if (this.#clock.now() >= Math.min(awayUntil, waiting.patientUntil)) waiting.resolve()
    }
  }

  /** Those that wait for this very version fail. Returns whether one of them takes it back. */
  reject(name: string, version: string, error: Error): boolean {
    const affected = [...(this.#byName.get(name) ?? [])].filter((waiting) => waiting.version === version)
    for (const waiting of affected) waiting.reject(error)
    return affected.some(({ isUndone }) => isUndone)
  }
}
