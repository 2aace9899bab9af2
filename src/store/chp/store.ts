import type { Clock } from '../../platform/clock.js'
import { SYSTEM_CLOCK, withinLimit } from '../../platform/clock.js'
import { FatalError } from '../../platform/fatal-error.js'
import type { Logger } from '../../platform/log.js'
import { Turns } from '../../platform/turns.js'
import { NotStoredError } from '../../routing/errors.js'
import type { Route } from '../../routing/route.js'
import type { OpenedStore, Revision, RouteChange } from '../../routing/store.js'
import type { ChpBackend } from './backend.js'
import { firstLine, toRoute } from './backend.js'

/** How long a backend may take to tell what is stored: one that can't reach its server may try for ever. */
const LOAD_LIMIT_MS = 8_000

/** How long it may take for one change, of which the hub waits for the answer. */
const WRITE_LIMIT_MS = 5_000

/** How many routes' activity is stored at a time: few, so that a change of a route waits for few. */
const ACTIVITY_AT_A_TIME = 32

/** After how long it is tried again to put right what a failed change may have left: twice as long each time, up to a minute. */
const MEND_AGAIN_MS = { first: 1_000, most: 60_000 } as const

/**
 * Keeps routes as CHP would have them kept: what it has stored is found again, and what is stored here CHP finds.
 *
 * A change that fails may have been made in part, and one that gets no answer may be made yet, long after the hub was
 * told that it wasn't. So what the backend is to hold is known here, and written again until it has been taken.
 */
export class ChpModuleStore implements OpenedStore {
  readonly isDurable = true
  readonly isNew = false
  readonly where: string
  readonly directory = undefined
  readonly #name: string
  readonly #backend: ChpBackend
  readonly #log: Logger
  readonly #clock: Clock
  /** What the backend is to hold. */
  readonly #routes = new Map<string, Route>()
  /** Changes of one route reach the backend in their order. */
  readonly #turns = new Turns()
  /** What stops the next try to put right what is stored, by routespec. */
  readonly #mending = new Map<string, () => void>()
  #revision = 0n
  #isClosed = false

  /** @param name how its user calls it */
  constructor(name: string, backend: ChpBackend, log: Logger, clock = SYSTEM_CLOCK) {
    this.#name = name
    this.where = `--storage-backend ${name}`
    this.#backend = backend
    this.#log = log
    this.#clock = clock
  }

  async load(): Promise<readonly Route[]> {
    for (const [path, data] of Object.entries(await this.#getAll())) {
      try {
        const route = toRoute(path, data)
        this.#routes.set(route.routespec, route)
      } catch (error) {
        this.#log.warn(`--storage-backend ${this.#name}: left out what is stored for ${path}: ${firstLine(error)}`)
      }
    }
    return [...this.#routes.values()]
  }

  async #getAll(): Promise<Readonly<Record<string, unknown>>> {
    try {
      return (await withinLimit(this.#clock, LOAD_LIMIT_MS, this.#backend.getAll())) ?? {}
    } catch (error) {
      throw new FatalError(`--storage-backend ${this.#name}: the stored routes can't be read: ${firstLine(error)}`)
    }
  }

  async fill(routes: readonly Route[]): Promise<void> {
    for (const route of routes) await this.#change(route.routespec, route)
  }

  async write({ before, after }: RouteChange): Promise<Revision> {
    if (after === undefined) {
      if (before !== undefined) await this.#change(before, undefined)
    } else await this.#replace(before, after)
    this.#revision += 1n
    return this.#revision
  }

  async #replace(before: string | undefined, after: Route): Promise<void> {
    const replaced = this.#routes.get(after.routespec)
    await this.#change(after.routespec, after)
    if (before === undefined || before === after.routespec) return
    try {
      await this.#change(before, undefined)
    } catch (error) {
      this.#expect(after.routespec, replaced)
      this.#mend(after.routespec, 0)
      throw error
    }
  }

  /** As CHP does it, of a few routes at a time. */
  async storeActivity(routes: readonly Route[], since: Date): Promise<void> {
    const active = routes.filter(({ lastActivity }) => lastActivity >= since)
    for (let at = 0; at < active.length; at += ACTIVITY_AT_A_TIME) {
      await Promise.all(active.slice(at, at + ACTIVITY_AT_A_TIME).map((route) => this.#updateActivity(route)))
    }
  }

  async #updateActivity({ routespec, lastActivity }: Route): Promise<void> {
    await this.#turns.run(routespec, async () => {
      const stored = this.#routes.get(routespec)
      if (stored === undefined || stored.lastActivity >= lastActivity) return
      await this.#orMend(routespec, () => this.#limited(routespec, this.#update(routespec, lastActivity)))
      this.#expect(routespec, { ...stored, lastActivity })
    })
  }

  async #change(routespec: string, route: Route | undefined): Promise<void> {
    await this.#turns.run(routespec, async () => {
      await this.#orMend(routespec, () => this.#write(routespec, route))
      this.#expect(routespec, route)
    })
  }

  async #orMend(routespec: string, write: () => Promise<void>): Promise<void> {
    try {
      await write()
    } catch (error) {
      this.#mend(routespec, 0)
      throw new NotStoredError(firstLine(error))
    }
  }

  #expect(routespec: string, route: Route | undefined): void {
    if (route === undefined) this.#routes.delete(routespec)
    else this.#routes.set(routespec, route)
  }

  #write(routespec: string, route: Route | undefined): Promise<void> {
    return this.#limited(routespec, route === undefined ? this.#remove(routespec) : this.#add(route))
  }

  async #limited(routespec: string, written: Promise<void>): Promise<void> {
    let isLate = false
    const settled = () => {
      if (isLate) this.#mend(routespec, 0)
    }
    written.then(settled, settled)
    try {
      await withinLimit(this.#clock, WRITE_LIMIT_MS, written)
    } catch (error) {
      isLate = true
      throw error
    }
  }

  /** In two steps, as CHP does: a backend may expect `last_activity` nowhere else. */
  async #add({ routespec, data, lastActivity }: Route): Promise<void> {
    await this.#backend.add(routespec, { ...data })
    await this.#update(routespec, lastActivity)
  }

  async #update(routespec: string, lastActivity: Date): Promise<void> {
    await this.#backend.update(routespec, { last_activity: lastActivity })
  }

  async #remove(routespec: string): Promise<void> {
    await this.#backend.remove(routespec)
  }

  /** Has the backend hold what it is to hold, after a while and until it does. */
  #mend(routespec: string, afterMs: number): void {
    if (this.#isClosed) return
    this.#mending.get(routespec)?.()
    const stop = this.#clock.after(afterMs, () => {
      this.#mending.delete(routespec)
      void this.#turns.run(routespec, async () => {
        try {
          await this.#write(routespec, this.#routes.get(routespec))
        } catch (error) {
          this.#log.warn(
            `--storage-backend ${this.#name}: what is stored for ${routespec} may not be what the route is, and will be ` +
              `written again: ${firstLine(error)}`,
          )
          this.#mend(routespec, Math.min(Math.max(2 * afterMs, MEND_AGAIN_MS.first), MEND_AGAIN_MS.most))
        }
      })
    })
    this.#mending.set(routespec, stop)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const stop of this.#mending.values()) stop()
  }

  discard(): Promise<void> {
    return this.close()
  }
}
