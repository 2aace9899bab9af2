import type { Clock } from '../platform/clock.js'
import { isDoneWithin, SYSTEM_CLOCK } from '../platform/clock.js'
import type { Entry } from './entry.js'
import { newEntry } from './entry.js'
import type { HostResolver } from './resolver.js'

/** What is known of a host name. */
export interface KnownHost {
  /** At least one. */
  readonly addresses: readonly string[]
  /** Until when they may be taken for true without asking, in milliseconds since 1970. */
  readonly until: number
  /** See {@link HostResolver.fullName}. */
  readonly fullName?: string | undefined
}

export interface AddressBookOptions {
  readonly resolver: HostResolver
  /** Names that are in use whether or not a route leads there. */
  readonly always?: ReadonlySet<string>
  /** Called when a name has got other addresses than before. */
  readonly onChanged: (host: string) => void
  /** Called when it shows that a name of which no address is known can't be resolved now. It is tried again. */
  readonly onUnknown: (host: string, reason: string) => void
  readonly clock?: Clock | undefined
}

/** A route by name waits so long for its addresses at most, and only the shorter time if no name server answers anyway. */
const PATIENCE_MS = 9_000
const SHORT_PATIENCE_MS = 500

/** What a start waits for the addresses of the routes that it has found. */
const START_PATIENCE_MS = 5_000

/** Questions for one name that come at once, as for many routes to one host, are one. */
const SAME_MS = 200

/** How soon a name is asked for again at most: after its time to live, while requests to it fail, and without an answer. */
const REFRESH_MS = { least: 30_000, most: 3_600_000 }
const FAILING_MS = 3_000
const RETRY_MS = { known: { least: 5_000, most: 60_000 }, unknown: { least: 1_000, most: 30_000 } }

/** Between two questions that nobody waits for. */
const PACE_MS = 2

/**
 * After a start: how long what was known may be out of date and is used all the same, and when it is asked for. Soon, for
 * nobody has seen since what changed or failed; but not all at once, should there be many.
 */
const GRACE_MS = 300_000
const SPREAD_MS = { each: 100, most: 30_000 }

/**
 * The addresses of the host names in use. Each name is asked for once in its time to live, however many routes lead to it,
 * and sooner while requests to it fail; what is known stays while there is no better answer.
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
   * The addresses of a name that is to be used from now on: of this moment, or those known if nobody can tell soon.
   *
   * @param again whether it was in use for the same before, so that somebody may have a reason to believe that it moved
   */
  async resolve(host: string, again: boolean): Promise<readonly string[]> {
    const entry = this.#entry(host)
    if (again || this.#clock.now() - entry.askedAt > SAME_MS) this.#ask(host, entry, true)
    const until = this.#clock.now() + PATIENCE_MS
    while (!(await isDoneWithin(this.#clock, SHORT_PATIENCE_MS, entry.first))) {
      if (this.#resolver.silent || this.#clock.now() >= until) break
    }
    return entry.addresses
  }

  /** What is known of a name that is in use; none if it could not be resolved yet. */
  known(host: string): readonly string[] {
    return this.#entries.get(host)?.addresses ?? []
  }

  /** Nothing could be reached at a name's addresses. */
  failing(host: string): void {
    const entry = this.#entries.get(host)
    const now = this.#clock.now()
    if (entry === undefined || now - Math.max(entry.askedAt, entry.failedAt) < FAILING_MS) return
    entry.failedAt = now
    this.#schedule(host, entry, 0, true)
  }

  /** No route leads there any longer. */
  release(host: string): void {
    if (this.#always.has(host)) return
    this.#entries.get(host)?.cancel()
    this.#entries.delete(host)
    this.#resolver.forget(host)
  }

  /**
   * Takes names into use at a start. Those of which nothing is known, or nothing recent, are resolved first, as far as
   * that takes no longer than a new route would wait.
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
    if (awaited.length > 0) await isDoneWithin(this.#clock, START_PATIENCE_MS, Promise.all(awaited))
  }

  /** What is to be known after a restart. */
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

  /** Asks after a time, and not together with others. */
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
          const good = Math.min(Math.max(ms, REFRESH_MS.least), REFRESH_MS.most)
          entry.until = Date.now() + good
          // Names that were asked for together drift apart.
          end(good * (1 + Math.random() / 10))
        },
        (error: Error) => {
          const isKnown = entry.addresses.length > 0
          if (!isKnown && entry.failures === 0 && !this.#closed) this.#onUnknown(host, error.message)
          const { least, most } = isKnown ? RETRY_MS.known : RETRY_MS.unknown
          const wait = Math.min(least * 2 ** entry.failures, most)
          entry.failures += 1
          end(wait * (1 - Math.random() / 4))
        },
      )
    })
  }

  /** Name servers tell the same addresses in turning order; those that were there before stay where they are. */
  #found(host: string, entry: Entry, addresses: readonly string[]): void {
    const kept = entry.addresses.filter((address) => addresses.includes(address))
    const next = [...kept, ...addresses.filter((address) => !kept.includes(address))]
    if (next.length === kept.length && next.length === entry.addresses.length) return
    entry.addresses = next
    if (this.#entries.get(host) === entry) this.#onChanged(host)
  }
}
