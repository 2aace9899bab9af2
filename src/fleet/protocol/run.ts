import type { Revision } from '../../routing/store.js'

interface Pending {
  readonly revision: Revision
  isApplied: boolean
}

/** The events of the store at one member: up to which revision its Envoys have acknowledged all. */
export class EventRun {
  readonly #pending: Pending[] = []
  /** Events up to here are in a snapshot. */
  #loaded: Revision = 0n
  #acknowledged: Revision = 0n

  /** Every Envoy of the member has all writes up to this revision. */
  get acknowledged(): Revision {
    return this.#acknowledged
  }

  /** Called for each event, in the order of revisions. Returns whether it must be applied. */
  reported(revision: Revision): boolean {
    if (revision <= this.#loaded) return false
    this.#pending.push({ revision, isApplied: false })
    return true
  }

  /** Called when one event of this revision is acknowledged. */
  applied(revision: Revision): void {
    const found = this.#pending.find((event) => event.revision === revision && !event.isApplied)
    if (found === undefined) return
    found.isApplied = true
    this.#advance()
  }

  /** Called when a snapshot is applied. */
  loaded(revision: Revision): void {
    if (revision <= this.#loaded) return
    this.#loaded = revision
    for (const event of this.#pending) if (event.revision <= revision) event.isApplied = true
    if (revision > this.#acknowledged) this.#acknowledged = revision
    this.#advance()
  }

  #advance(): void {
    const gap = this.#pending.findIndex(({ isApplied }) => !isApplied)
    const run = this.#pending.splice(0, gap === -1 ? this.#pending.length : gap)
    const [last, next] = [run.at(-1), this.#pending[0]]
    // Several events may have one revision.
    const upTo = next === undefined ? last : run.findLast(({ revision }) => revision < next.revision)
    if (upTo !== undefined && upTo.revision > this.#acknowledged) this.#acknowledged = upTo.revision
  }
}
