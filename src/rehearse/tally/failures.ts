import type { Failure, FailureKind } from '../record.js'

interface Kind {
  readonly kind: FailureKind
  readonly excused: boolean
  count: number
  readonly users: Set<number>
  readonly firstMs: number
  lastMs: number
  readonly example: string
}

/** More kinds than a proxy has ways to fail; those beyond count as one. */
const MOST_KINDS = 100

/** Failures by kind. */
export class Failures {
  readonly #kinds = new Map<string, Kind>()

  /** @param example what was asked for, such as `GET /hub/login` */
  add(user: number, found: FailureKind, excused: boolean, atMs: number, example: string): void {
    const isKnown = this.#kinds.has(keyOf(found, excused)) || this.#kinds.size < MOST_KINDS
    const kind = isKnown ? found : 'other'
    const known = this.#kinds.get(keyOf(kind, excused))
    if (known === undefined) {
      const first = { kind, excused, count: 1, users: new Set([user]), firstMs: atMs, lastMs: atMs, example }
      this.#kinds.set(keyOf(kind, excused), first)
      return
    }
    known.count += 1
    known.lastMs = atMs
    known.users.add(user)
  }

  /** The most frequent first. */
  list(): Failure[] {
    const kinds = [...this.#kinds.values()].sort((one, other) => other.count - one.count)
    return kinds.map(({ users, firstMs, lastMs, ...rest }) => ({
      ...rest,
      ...{ users: users.size, firstMs: Math.round(firstMs), lastMs: Math.round(lastMs) },
    }))
  }
}

function keyOf(kind: FailureKind, excused: boolean): string {
  return `${excused ? 'excused' : ''} ${kind}`
}
