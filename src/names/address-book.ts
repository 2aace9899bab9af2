import type { Clock } from '../platform/clock.js'
import { isDoneWithin, SYSTEM_CLOCK } from '../platform/clock.js'
import type { Entry } from './entry.js'
import { newEntry } from './entry.js'
import type { HostResolver } from './resolver.js'

/** The known addresses of a host name. */
export interface KnownHost {
  /** At least one. */
  readonly addresses: readonly string[]
  /** How long they are valid without a query, in milliseconds since 1970. */
  readonly until: number
  /** See {@link HostResolver.fullName}. */
  readonly fullName?: string | undefined
}

export interface AddressBookOptions {
  readonly resolver: HostResolver
  /** Names that are in use even if no route leads there. */
  readonly always?: ReadonlySet<string>
  /** Called when the addresses of a name have changed. */
  readonly onChanged: (host: string) => void
  /** Called when a name without known addresses can't be resolved, before the first retry. */
  readonly onUnknown: (host: string, reason: string) => void
  readonly clock?: Clock | undefined
}

/** How long a new route waits for its addresses at most; the shorter time if no name server answers anyway. */
const WAIT_MS = 9_000
const SHORT_WAIT_MS = 500

/** How long a start waits for the addresses of the stored routes at most. */
const START_WAIT_MS = 5_000

/** Queries for one name within this time, as for many routes to one host, are one. */
const SAME_MS = 200

/** The bounds of a name's time to live, after which it is queried again. */
const REFRESH_MS = { least: 30_000, most: 3_600_000 }

/** While requests to a name fail, it is queried again this long after the last query or failure. */
const FAILING_MS = 3_000

/** The delays after a query without an answer, if addresses are known and if none are; they double each time. */
const RETRY_MS = { known: { least: 5_000, most: 60_000 }, unknown: { least: 1_000, most: 30_000 } }

/** The time between two background queries. */
const PACE_MS = 2

/**
 * After a start: how long expired addresses may still be used, and within what time they are queried. Soon, since
 * changes and failures went unnoticed meanwhile; but not all at once, as there may be many.
 */
const GRACE_MS = 300_000
const SPREAD_MS = { each: 100, most: 30_000 }

/**
 * The addresses of the host names in use. Each name is queried once in its time to live, however many routes lead to
 * it, and sooner while requests to it fail. Known addresses stay until there is a new answer.
 */
export class AddressBook {
  readonly #resolver: HostResolver
  readonly #onChanged: (host: string) => void
  readonly #onUnknown: (host: string, reason: string) => void
  readonly #clock: Clock
  readonly #always: ReadonlySet<string>
  readonly #entries = new Map<string, Entry>()
  #nextSlot = 0
  #closed = false

  constructor({ resolver, always = new Set(), onChanged, onUnknown, clock = SYSTEM_CLOCK }: AddressBookOptions) {
    this.#clock = clock
    this.#resolver = resolver
    this.#always = always
    this.#onChanged = onChanged
    this.#onUnknown = onUnknown
  }

  /**
   * The addresses of a name that is used from now on: current ones, or the known ones if there is no answer in time.
   *
   * @param again whether the same route used it before: then it may have moved, so it is queried in any case
   * @param waitMs for how long to wait for an answer at most
   */
  async resolve(host: string, again: boolean, waitMs: number = WAIT_MS): Promise<readonly string[]> {
    const entry = this.#entry(host)
    if (again || this.#clock.now() - entry.askedAt > SAME_MS) this.#ask(host, entry, true)
    const until = this.#clock.now() + waitMs
    while (!(await isDoneWithin(this.#clock, SHORT_WAIT_MS, entry.first))) {
      if (this.#resolver.silent || this.#clock.now() >= until) break
    }
    return entry.addresses
  }

  /** The known addresses of a name in use; none if it could not be resolved yet. */
  known(host: string): readonly string[] {
    return this.#entries.get(host)?.addresses ?? []
  }

  /** Why a name in use does not resolve now; undefined if its last query was answered. */
  failureOf(host: string): string | undefined {
    return this.#entries.get(host)?.failure
  }

  /** How many names are in use, and how many of these have no known address. */
  get count(): { readonly used: number; readonly unresolved: number } {
    const entries = [...this.#entries.values()]
    return { used: entries.length, unresolved: entries.filter(({ addresses }) => addresses.length === 0).length }
  }

  /** Called when requests could not reach any address of a name. */
  failing(host: string): void {
    const entry = this.#entries.get(host)
    const now = this.#clock.now()
    if (entry === undefined || now - Math.max(entry.askedAt, entry.failedAt) < FAILING_MS) return
    entry.failedAt = now
    this.#schedule(host, entry, 0, true)
  }

  /** Called when no route leads to a name any longer. */
  release(host: string): void {
    if (this.#always.has(host)) return
    this.#entries.get(host)?.cancel()
    this.#entries.delete(host)
    this.#resolver.forget(host)
  }

  /**
   * Takes names into use at a start. Waits a limited time for those without known addresses, or whose addresses have
   * expired too long ago; the others are resolved in the background.
   */
  async begin(hosts: Iterable<string>, known: ReadonlyMap<string, KnownHost>): Promise<void> {
    const awaited: Promise<void>[] = []
    const all = [...new Set([...hosts, ...this.#always])]
    const spread = Math.min(all.length * SPREAD_MS.each, SPREAD_MS.most)
    for (const host of all) {
      const entry = this.#entry(host)
      const before = known.get(host)
      if (before !== undefined) {
        Object.assign(entry, { addresses: before.addresses, until: before.until })
        if (before.fullName !== undefined) this.#resolver.remember(host, before.fullName)
      }
      if (before !== undefined && before.until + GRACE_MS > Date.now()) {
        this.#schedule(host, entry, Math.random() * spread, false)
      } else {
        awaited.push(new Promise((resolve) => this.#schedule(host, entry, 0, true, resolve)))
      }
    }
    if (awaited.length > 0) await isDoneWithin(this.#clock, START_WAIT_MS, Promise.all(awaited))
  }

  /** What the next start needs to know. */
  *all(): Iterable<[host: string, known: KnownHost]> {
    for (const [host, { addresses, until }] of this.#entries) {
      if (addresses.length > 0) yield [host, { addresses, until, fullName: this.#resolver.fullName(host) }]
    }
  }

  close(): void {
    this.#closed = true
    for (const { cancel } of this.#entries.values()) cancel()
    this.#resolver.close()
  }

  #entry(host: string): Entry {
    const found = this.#entries.get(host)
    if (found !== undefined) return found
    const entry = newEntry()
    this.#entries.set(host, entry)
    return entry
  }

  /** Queries after a delay, and not at the same time as others. */
  #schedule(host: string, entry: Entry, afterMs: number, thorough: boolean, first: () => void = () => {}): void {
    entry.cancel()
    if (this.#closed || this.#entries.get(host) !== entry) return
    const due = this.#clock.now() + afterMs
    const slot = afterMs > 0 ? due : Math.max(due, this.#nextSlot)
    if (afterMs === 0) this.#nextSlot = slot + PACE_MS
    const then = () => {
      if (afterMs > 0) return this.#schedule(host, entry, 0, thorough)
      this.#ask(host, entry, thorough)
      void entry.first.then(first)
    }
    entry.cancel = this.#clock.after(slot - this.#clock.now(), then)
  }

  #ask(host: string, entry: Entry, thorough: boolean): void {
    entry.cancel()
    entry.askedAt = this.#clock.now()
    entry.asked += 1
    const question = entry.asked
    entry.first = new Promise((resolve) => {
      const found = (addresses: readonly string[]) => {
        if (question >= entry.answered) this.#found(host, entry, addresses)
        entry.answered = Math.max(entry.answered, question)
        resolve()
      }
      const end = (afterMs: number) => {
        resolve()
        if (question === entry.asked) this.#schedule(host, entry, afterMs, false)
      }
      this.#resolver.resolve(host, found, thorough).then(
        (ms) => {
          entry.failures = 0
          entry.failure = undefined
          const good = Math.min(Math.max(ms, REFRESH_MS.least), REFRESH_MS.most)
          entry.until = Date.now() + good
          // Spreads names that were queried together.
          end(good * (1 + Math.random() / 10))
        },
        (error: Error) => {
          const isKnown = entry.addresses.length > 0
          if (!isKnown && entry.failures === 0 && !this.#closed) this.#onUnknown(host, error.message)
          const { least, most } = isKnown ? RETRY_MS.known : RETRY_MS.unknown
          const wait = Math.min(least * 2 ** entry.failures, most)
          entry.failures += 1
          entry.failure = error.message
          end(wait * (1 - Math.random() / 4))
        },
      )
    })
  }

  /** Name servers rotate the order of addresses, so known ones keep their places. */
  #found(host: string, entry: Entry, addresses: readonly string[]): void {
    const kept = entry.addresses.filter((address) => addresses.includes(address))
    const next = [...kept, ...addresses.filter((address) => !kept.includes(address))]
    if (next.length === kept.length && next.length === entry.addresses.length) return
    entry.addresses = next
    if (this.#entries.get(host) === entry) this.#onChanged(host)
  }
}
