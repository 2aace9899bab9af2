/** A caller that waits until every Envoy has answered for a resource. Times are on the delivery's clock. */
export interface Waiter {
  /** The version that Envoys should have; undefined for a removal. */
  readonly version: string | undefined
  /** Until when it waits for Envoys to reconnect; without a limit an Envoy that keeps disconnecting would block all. */
  readonly patientUntil: number
  /** When it fails, and after how long. */
  readonly deadline: number
  readonly limitMs: number
  /** Whether the change is taken back if it fails. */
  readonly undoIfFailed: boolean
}

interface Waiting extends Waiter {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
  /** Why an Envoy has rejected the version, for a waiter that waits for the answers of the others nevertheless. */
  rejection: Error | undefined
}

/** The waiters of each name. It has no timer: its owner calls {@link expire}. */
export class Waiters {
  readonly #byName = new Map<string, Set<Waiting>>()

  /** The names with waiters, in the order of their first ones. */
  names(): IterableIterator<string> {
    return this.#byName.keys()
  }

  get isEmpty(): boolean {
    return this.#byName.size === 0
  }

  *all(): Iterable<readonly [name: string, waiter: Waiter]> {
    for (const [name, waiting] of this.#byName) for (const waiter of waiting) yield [name, waiter]
  }

  /** Ends with {@link resolve}, {@link reject} or {@link expire}. */
  add(name: string, waiter: Waiter): Promise<void> {
    const waiting = this.#byName.get(name) ?? new Set<Waiting>()
    this.#byName.set(name, waiting)
    return new Promise<void>((resolve, reject) => {
      const end = (settle: () => void) => {
        waiting.delete(entry)
        if (waiting.size === 0) this.#byName.delete(name)
        settle()
      }
      const entry: Waiting = {
        ...waiter,
        resolve: () => end(() => (entry.rejection === undefined ? resolve() : reject(entry.rejection))),
        reject: (error) => end(() => reject(error)),
        rejection: undefined,
      }
      waiting.add(entry)
    })
  }

  /** Resolves the waiters of a name that need not wait any longer for Envoys that may reconnect until `returnBy`. */
  resolve(name: string, now: number, returnBy: number): void {
    for (const waiting of this.#byName.get(name) ?? []) {
      if (now >= Math.min(returnBy, waiting.patientUntil)) waiting.resolve()
    }
  }

  /**
   * Fails the waiters of exactly this version: at once if they take the change back, else when the other Envoys have
   * answered, too. Returns whether one of them takes it back.
   */
  reject(name: string, version: string, error: Error): boolean {
    const affected = [...(this.#byName.get(name) ?? [])].filter((waiting) => waiting.version === version)
    for (const waiting of affected) {
      if (waiting.undoIfFailed) waiting.reject(error)
      else waiting.rejection = error
    }
    return affected.some(({ undoIfFailed }) => undoIfFailed)
  }

  /** Fails the waiters whose time is over. */
  expire(now: number, errorAfter: (limitMs: number) => Error): void {
    for (const waiting of [...this.#byName.values()].flatMap((all) => [...all])) {
      if (waiting.deadline <= now) waiting.reject(errorAfter(waiting.limitMs))
    }
  }
}
