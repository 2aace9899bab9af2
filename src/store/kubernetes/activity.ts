import type { ConfigMaps } from './config-maps.js'
import type { ConfigMap } from './objects.js'
import { labelsOf, selectorOf } from './objects.js'

/** How many routes' times one ConfigMap has: about 600 kB of the 1 MiB that it may have. */
const ROUTES_EACH = 10_000

/**
 * When routes were last active, apart from the routes: one object for thousands of them, so that a minute's activity
 * is one write. Times are in milliseconds since 1970, by the name of the route's object.
 */
export class StoredActivity {
  readonly #configMaps: ConfigMaps
  readonly #store: string
  #times = new Map<string, number>()
  /** What each object was last known to have. */
  #stored: string[] = []

  constructor(configMaps: ConfigMaps, store: string) {
    this.#configMaps = configMaps
    this.#store = store
  }

  async load(): Promise<ReadonlyMap<string, number>> {
    const { items } = await this.#configMaps.list(selectorOf(this.#store, 'activity'))
    this.#stored = Array.from({ length: items.length }, () => '')
    this.#times = new Map(items.flatMap(timesOf))
    return this.#times
  }

  /** @param times of all routes; undefined for one whose stored time is still right */
  async write(times: ReadonlyMap<string, number | undefined>): Promise<void> {
    const all = [...times].map(([name, at]) => [name, at ?? this.#times.get(name)] as const)
    const known = all.filter((entry): entry is [string, number] => entry[1] !== undefined)
    const pieces: string[] = []
    for (let at = 0; at < known.length; at += ROUTES_EACH) {
      pieces.push(JSON.stringify(Object.fromEntries(known.slice(at, at + ROUTES_EACH))))
    }
    for (const [index, piece] of pieces.entries()) await this.#writePiece(index, piece)
    for (; this.#stored.length > pieces.length; this.#stored.pop()) {
      await this.#configMaps.delete(this.#nameOf(this.#stored.length - 1))
    }
    this.#times = new Map(known)
  }

  async #writePiece(index: number, times: string): Promise<void> {
    const before = this.#stored[index]
    if (before === times) return
    const metadata = { name: this.#nameOf(index), labels: labelsOf(this.#store, 'activity') }
    await this.#configMaps.put({ metadata, data: { times } }, before !== undefined)
    this.#stored[index] = times
  }

  #nameOf(index: number): string {
    return `${this.#store}-activity-${index}`
  }
}

/** A damaged object has none: activity may be lost. */
function timesOf({ data }: ConfigMap): [string, number][] {
  try {
    const times = JSON.parse(data?.times ?? '{}') as Record<string, unknown>
    return Object.entries(times).filter((entry): entry is [string, number] => typeof entry[1] === 'number')
  } catch {
    return []
  }
}
