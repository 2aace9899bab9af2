import { createHash } from 'node:crypto'
import { mapInSlices } from '../platform/slices.js'
import { lastActive } from '../routing/last-active.js'
import type { Route } from '../routing/route.js'

/** How many routes' times one piece has: 370 kB, where a store takes 1 MiB. */
const ROUTES_EACH = 10_000

/** Bytes of the hash that stands for a route among the times of activity: no two keys share it. */
const HASH_BYTES = 15

/** Where pieces of text are stored by number, from 0. */
export interface Pieces {
  list(): Promise<readonly string[]>
  /** Called after a list. */
  put(index: number, text: string): Promise<void>
  delete(index: number): Promise<void>
}

/**
 * When routes were last active, apart from the routes: one piece for thousands of them, so that a minute's activity is
 * one write. Times are in milliseconds since 1970, by {@link nameOf} a route's key.
 */
export class StoredActivity {
  readonly #pieces: Pieces
  readonly #keyOf: (routespec: string) => string

  constructor(pieces: Pieces, keyOf: (routespec: string) => string) {
    this.#pieces = pieces
    this.#keyOf = keyOf
  }

  /** The routes with the stored times. */
  async addTo(routes: readonly Route[]): Promise<readonly Route[]> {
    const times = new Map((await this.#pieces.list()).flatMap(timesOf))
    return mapInSlices(routes, (route) => lastActive(route, times.get(this.#nameOf(route))))
  }

  /**
   * See {@link RouteStore.storeActivity}. Nothing is remembered from one time to the next, since another control plane may
   * have written meanwhile.
   */
  async store(routes: readonly Route[], since: Date): Promise<void> {
    const stored = await this.#pieces.list()
    const before = new Map(stored.flatMap(timesOf))
    const all = await mapInSlices(routes, (route) => {
      const [name, at] = [this.#nameOf(route), route.lastActivity]
      return [name, at < since ? before.get(name) : at.getTime()] as const
    })
    const known = all.filter((entry): entry is [string, number] => entry[1] !== undefined)
    const pieces = cut(known)
    for (const [index, piece] of pieces.entries()) {
      if (piece !== stored[index]) await this.#pieces.put(index, piece)
    }
    for (let index = pieces.length; index < stored.length; index += 1) await this.#pieces.delete(index)
  }

  #nameOf({ routespec }: Route): string {
    return nameOf(this.#keyOf(routespec))
  }
}

function cut(times: readonly (readonly [string, number])[]): string[] {
  const pieces: string[] = []
  for (let at = 0; at < times.length; at += ROUTES_EACH) {
    pieces.push(JSON.stringify(Object.fromEntries(times.slice(at, at + ROUTES_EACH))))
  }
  return pieces
}

/** A damaged piece has none: activity may be lost. */
function timesOf(piece: string): [string, number][] {
  try {
    const times = JSON.parse(piece) as Record<string, unknown>
    return Object.entries(times).filter((entry): entry is [string, number] => typeof entry[1] === 'number')
  } catch {
    return []
  }
}

/** What stands for a route among the times of activity. */
function nameOf(key: string): string {
  return createHash('sha256').update(key).digest().subarray(0, HASH_BYTES).toString('base64url')
}
