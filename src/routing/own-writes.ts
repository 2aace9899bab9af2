import type { Revision } from './store.js'

/** A table's own writes of which its store has yet to report. An earlier event of the same route is older than the table. */
export class OwnWrites {
  readonly #revisions = new Map<string, Revision>()

  /** Called when this table has written a route. */
  wrote(key: string, revision: Revision): void {
    this.#revisions.set(key, revision)
  }

  has(key: string): boolean {
    return this.#revisions.has(key)
  }

  /** The store will report none of them any more. */
  clear(): void {
    this.#revisions.clear()
  }

  /** Whether an event is newer than the table. Must be called once for each event, in the order of revisions. */
  takesNews(key: string, revision: Revision): boolean {
    const own = this.#revisions.get(key)
    if (own === undefined) return true
    if (revision < own) return false
    this.#revisions.delete(key)
    return revision > own
  }
}
