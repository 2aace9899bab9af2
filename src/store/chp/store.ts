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

/** How long a backend may take to load the routes: one that can't reach its server might try without end. */
const LOAD_LIMIT_MS = 8_000

/** How long it may take for one change, while the hub waits for the answer. */
const WRITE_LIMIT_MS = 5_000

/** How many routes' activity is stored at a time: few, so that a change of a route waits for few. */
const ACTIVITY_AT_A_TIME = 32

/** The delay before the repair of a failed change is retried: doubled each time, up to a minute. */
const REPAIR_RETRY_MS = { first: 1_000, most: 60_000 } as const

/**
 * Stores routes with a storage class of CHP, in the same form: each of the two reads what the other has stored.
 *
 * A change that fails may have been made in part, and one without an answer may be made later, long after the hub got
 * an error. So the correct state of the backend is known here, and is written again until that succeeds.
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
  /** The correct state of the backend. */
  readonly #routes = new Map<string, Route>()
  /** Changes of one route reach the backend in their order. */
  readonly #turns = new Turns()
  /** By routespec: functions that cancel the next repair. */
  readonly #repairs = new Map<string, () => void>()
  #revision = 0n
  #isClosed = false

  /** @param name the operator's name of the backend */
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
        this.#log.warn(`--storage-backend ${this.#name}: skipped what is stored for ${path}: ${firstLine(error)}`)
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
      this.#repair(after.routespec, 0)
      throw error
    }
  }

  /** As in CHP, a few routes at a time. */
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
      await this.#orRepair(routespec, () => this.#limited(routespec, this.#update(routespec, lastActivity)))
      this.#expect(routespec, { ...stored, lastActivity })
    })
  }

  async #change(routespec: string, route: Route | undefined): Promise<void> {
    await this.#turns.run(routespec, async () => {
      await this.#orRepair(routespec, () => this.#write(routespec, route))
      this.#expect(routespec, route)
    })
  }

  async #orRepair(routespec: string, write: () => Promise<void>): Promise<void> {
    try {
      await write()
    } catch (error) {
      this.#repair(routespec, 0)
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
      if (isLate) this.#repair(routespec, 0)
    }
    written.then(settled, settled)
    try {
      await withinLimit(this.#clock, WRITE_LIMIT_MS, written)
    } catch (error) {
      isLate = true
      throw error
    }
  }

  /** In two steps, as in CHP: a backend may expect `last_activity` only in an update. */
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

  /** Writes the correct state of a route after a delay, and retries until that succeeds. */
  #repair(routespec: string, afterMs: number): void {
    if (this.#isClosed) return
    this.#repairs.get(routespec)?.()
    const stop = this.#clock.after(afterMs, () => {
      this.#repairs.delete(routespec)
      void this.#turns.run(routespec, async () => {
        try {
          await this.#write(routespec, this.#routes.get(routespec))
        } catch (error) {
          this.#log.warn(
            `--storage-backend ${this.#name}: the stored route ${routespec} may be wrong and will be written again: ` +
              firstLine(error),
          )
          this.#repair(routespec, Math.min(Math.max(2 * afterMs, REPAIR_RETRY_MS.first), REPAIR_RETRY_MS.most))
        }
      })
    })
    this.#repairs.set(routespec, stop)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const stop of this.#repairs.values()) stop()
  }

  discard(): Promise<void> {
    return this.close()
  }
}
