import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../../src/platform/clock.js'

interface Timer {
  readonly at: number
  readonly callback: () => void
}

/** A clock that stands still until it is told how much time passes. */
export class TestClock implements Clock {
  #now = 0
  readonly #timers = new Set<Timer>()

  now(): number {
    return this.#now
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** How many callbacks are still to come. */
  get timers(): number {
    return this.#timers.size
  }

  /** Has time pass. What is due is called in its order, and what follows from each call happens before the next. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms
    await turns()
    for (let timer = this.#dueBy(end); timer !== undefined; timer = this.#dueBy(end)) {
      this.#timers.delete(timer)
      this.#now = Math.max(this.#now, timer.at)
      timer.callback()
      await turns()
    }
    this.#now = end
  }

  #dueBy(end: number): Timer | undefined {
    const due = [...this.#timers].filter(({ at }) => at <= end)
    return due.sort((one, other) => one.at - other.at)[0]
  }
}

/** More turns of the event loop than any chain of promises, answers and flushes takes in these tests. */
const TURNS = 20

/** Lets all happen that waits for nothing but its turn. */
export async function turns(count = TURNS): Promise<void> {
  for (let index = 0; index < count; index += 1) await turn()
}
