import { OwnWrites } from '../../src/routing/own-writes.js'
import type { Connection } from './connection.js'
import type { Write } from './write.js'

type Outcome = 'acknowledged' | 'rejected' | 'late'

interface Waiter {
  readonly write: Write
  readonly end: (outcome: Outcome) => void
}

/** A silent Envoy's stream is closed after this time. */
const SILENCE_MS = 1_000

/** How long a change waits for Envoys at all. */
const LIMIT_MS = 10_000

/**
 * The table of one control plane and what its Envoys should have of it: what `RouteTable`, its follower and `Delivery` do
 * with promises, done with callbacks, so that a million schedules take minutes. The check of events is the real one.
 */
export class Routes {
  /** What its Envoys should have; a change is tried there before it is stored. */
  readonly wanted = new Map<string, Write>()
  /** What is stored, as far as it knows. */
  readonly table = new Map<string, Write>()
  readonly connections = new Set<Connection>()
  readonly #own = new OwnWrites()
  readonly #turns = new Map<string, Array<(done: () => void) => void>>()
  readonly #waiters = new Set<Waiter>()
  readonly #after: (ms: number, work: () => void) => void
  readonly #cutOff: (connection: Connection) => void
  readonly #isPlanted: (fault: 'applies-older-events' | 'acknowledges-early') => boolean

  constructor(options: {
    after: (ms: number, work: () => void) => void
    cutOff: (connection: Connection) => void
    isPlanted: (fault: 'applies-older-events' | 'acknowledges-early') => boolean
  }) {
    this.#after = options.after
    this.#cutOff = options.cutOff
    this.#isPlanted = options.isPlanted
  }

  /** Does the tasks of one route one after the other. */
  inTurn(key: string, task: (done: () => void) => void): void {
    const waiting = this.#turns.get(key)
    if (waiting !== undefined) {
      waiting.push(task)
      return
    }
    this.#turns.set(key, [])
    this.#begin(key, task)
  }

  #begin(key: string, task: (done: () => void) => void): void {
    task(() => {
      const next = this.#turns.get(key)?.shift()
      if (next === undefined) this.#turns.delete(key)
      else this.#begin(key, next)
    })
  }

  /** Tries a change on the own Envoys. The returned function takes it back. */
  publish(write: Write, end: (outcome: Outcome) => void): () => void {
    const before = this.wanted.get(write.key)
    this.#deliver(write, end)
    return () => {
      if (this.wanted.get(write.key) !== write) return
      const undone = before ?? { key: write.key, number: 0, isBad: false, base: 0n, revision: 0n }
      this.wanted.set(write.key, undone)
      for (const connection of this.connections) connection.update(undone)
    }
  }

  /** An own write is stored. */
  stored(write: Write, revision: bigint): void {
    this.table.set(write.key, write)
    this.#own.wrote(write.key, revision)
  }

  /** Applies what the store reports of one route. */
  apply(write: Write, revision: bigint, end: (outcome: Outcome) => void): void {
    this.inTurn(write.key, (done) => {
      const isNews = this.#own.takesNews(write.key, revision) || this.#isPlanted('applies-older-events')
      if (!isNews || this.table.get(write.key) === write) {
        done()
        end('acknowledged')
        return
      }
      this.table.set(write.key, write)
      const over = (outcome: Outcome) => {
        done()
        end(outcome)
      }
      const isEarly = this.#isPlanted('acknowledges-early')
      this.#deliver(write, isEarly ? () => done() : over)
      if (isEarly) end('acknowledged')
    })
  }

  #deliver(write: Write, end: (outcome: Outcome) => void): void {
    this.wanted.set(write.key, write)
    let isOver = false
    const waiter: Waiter = {
      write,
      end: (outcome) => {
        if (isOver) return
        isOver = true
        this.#waiters.delete(waiter)
        end(outcome)
      },
    }
    for (const connection of this.connections) connection.update(write)
    if (this.#isSettled(write)) {
      end('acknowledged')
      return
    }
    this.#waiters.add(waiter)
    this.#after(SILENCE_MS, () => {
      if (isOver) return
      this.#after(LIMIT_MS - SILENCE_MS, () => waiter.end('late'))
      this.#cutOffSilent(write)
    })
  }

  #isSettled({ key }: Write): boolean {
    for (const connection of this.connections) if (!connection.isLoading && !connection.isSettled(key)) return false
    return true
  }

  #cutOffSilent({ key }: Write): void {
    for (const connection of [...this.connections]) {
      if (connection.silentMs(key) >= SILENCE_MS - 1) this.#cutOff(connection)
    }
    this.settle(key)
  }

  /** An Envoy has answered for a route, or is gone. */
  settle(key: string): void {
    for (const waiter of [...this.#waiters]) {
      if (waiter.write.key !== key || !this.#isSettled(waiter.write)) continue
      waiter.end('acknowledged')
    }
  }

  /** An Envoy has rejected a change, which ends the wait for it. */
  rejected(write: Write): void {
    for (const waiter of [...this.#waiters]) if (waiter.write === write) waiter.end('rejected')
    this.settle(write.key)
  }

  settleAll(): void {
    for (const { write } of [...this.#waiters]) this.settle(write.key)
  }
}
