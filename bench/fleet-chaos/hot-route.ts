import type { Part } from './part.js'

/** Where a route leads: a target's name, which no other write has, or undefined if there is none. */
export type State = string | undefined

/** How long a call without an answer may still be on its way to a control plane that can be reached again. */
const LATE_MS = 12_000

/** A write of a route, to one control plane. */
export interface Write {
  readonly state: State
  readonly part: Part
  readonly begun: number
}

/** A route that is changed by one write after the other, and what Envoys may answer for it. */
export class HotRoute {
  isBusy = false
  /** The state that was answered last. */
  last: State
  /** Writes since then that were not answered well. They may have been stored. */
  #open = new Set<Write>()
  /** Writes that nothing was heard of. One that reached a frozen control plane is carried out when that goes on. */
  #late = new Set<Write>()

  begin(state: State, part: Part, begun: number): Write {
    const write = { state, part, begun }
    this.#open.add(write)
    return write
  }

  /** It is the last one in the store, but for those that are still to be carried out. */
  answered(write: Write): void {
    this.last = write.state
    this.#open.clear()
    for (const late of this.#late) if (isDone(late, write.begun)) this.#late.delete(late)
  }

  unanswered(write: Write): void {
    this.#late.add(write)
  }

  /** What else may be seen right after an answer. */
  get allowed(): readonly State[] {
    return [...this.#late].map(({ state }) => state)
  }

  /** What may be stored now. */
  get possible(): readonly State[] {
    return [this.last, ...this.allowed, ...[...this.#open].map(({ state }) => state)]
  }
}

/** Whether a write that was not answered had been carried out by a moment, or never will be. */
function isDone({ part, begun }: Write, moment: number): boolean {
  return part.trouble === undefined && moment - Math.max(begun, part.wellSince) > LATE_MS
}
