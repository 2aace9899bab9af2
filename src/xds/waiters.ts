/** Someone who waits until every Envoy has answered for a resource. Moments are by the clock of all of them. */
export interface Waiter {
  /** The version that it waits for Envoys to have; undefined for a removal. */
  readonly version: string | undefined
  /** Until when it waits for Envoys that may be on their way back; without an end one that never stays would stop all. */
  readonly patientUntil: number
  /** When it gives up, and after how long that is. */
  readonly deadline: number
  readonly limitMs: number
  /** Whether what it waits for is taken back if it fails. */
  readonly isUndone: boolean
}

interface Waiting extends Waiter {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** Who waits for which name. It has no timer: its owner says when time has passed. */
export class Waiters {
  readonly #byName = new Map<string, Set<Waiting>>()

  /** The names that somebody waits for, in the order in which the first came. */
  names(): IterableIterator<string> {
    return this.#byName.keys()
  }

  get isEmpty(): boolean {
    return this.#byName.size === 0
  }

  *all(): Iterable<readonly [name: string, waiter: Waiter]> {
    for (const [name, waiting] of this.#byName) for (const waiter of waiting) yield [name, waiter]
  }

  /** Resolves with {@link resolve}; rejects with {@link reject} or {@link expire}. */
  add(name: string, waiter: Waiter): Promise<void> {
    const waiting = this.#byName.get(name) ?? new Set<Waiting>()
    this.#byName.set(name, waiting)
    return new Promise<void>((resolve, reject) => {
      const end = (settle: () => void) => {
        waiting.delete(entry)
        if (waiting.size === 0) this.#byName.delete(name)
        settle()
      }
      const entry: Waiting = { ...waiter, resolve: () => end(resolve), reject: (error) => end(() => reject(error)) }
      waiting.add(entry)
    })
  }

  /** Lets those go who need not wait any longer for Envoys that may be back by a moment. */
  resolve(name: string, now: number, returnBy: number): void {
    for (const waiting of this.#byName.get(name) ?? []) {
      if (now >= Math.min(returnBy, waiting.patientUntil)) waiting.resolve()
    }
  }

  /** Those that wait for this very version fail. Returns whether one of them takes it back. */
  reject(name: string, version: string, error: Error): boolean {
    const affected = [...(this.#byName.get(name) ?? [])].filter((waiting) => waiting.version === version)
    for (const waiting of affected) waiting.reject(error)
    return affected.some(({ isUndone }) => isUndone)
  }

  /** Those whose time is over fail. */
  expire(now: number, errorAfter: (limitMs: number) => Error): void {
    for (const waiting of [...this.#byName.values()].flatMap((all) => [...all])) {
      if (waiting.deadline <= now) waiting.reject(errorAfter(waiting.limitMs))
    }
  }
}
