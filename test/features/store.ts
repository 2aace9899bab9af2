import { NotStoredError } from '../../src/routing/errors.js'
import type { Route } from '../../src/routing/route.js'
import type { OpenedStore, Revision, RouteChange } from '../../src/routing/store.js'

/** A store in memory that fails or hangs when a test says so. */
export class TestStore implements OpenedStore {
  readonly isDurable = true
  readonly where = 'a test'
  isNew = false
  readonly directory = undefined
  readonly routes = new Map<string, Route>()
  /** What was asked of it, in order: `load`, `put /a`, `delete /a`. */
  readonly calls: string[] = []
  /** Writes fail with this reason, as on a full disk. */
  failsWith: string | undefined
  #revision = 0n
  #held: Array<() => void> | undefined

  constructor(routes: readonly Route[] = []) {
    for (const route of routes) this.routes.set(route.routespec, route)
  }

  async load(): Promise<readonly Route[]> {
    this.calls.push('load')
    return [...this.routes.values()]
  }

  async fill(routes: readonly Route[]): Promise<void> {
    await this.#write(`fill ${routes.map(({ routespec }) => routespec)}`)
    for (const route of routes) this.routes.set(route.routespec, route)
  }

  async write({ before, after }: RouteChange): Promise<Revision> {
    await this.#write(after === undefined ? `delete ${before}` : `put ${after.routespec}`)
    if (before !== undefined) this.routes.delete(before)
    if (after !== undefined) this.routes.set(after.routespec, after)
    this.#revision += 1n
    return this.#revision
  }

  async storeActivity(routes: readonly Route[], since: Date): Promise<void> {
    for (const { routespec, lastActivity } of routes.filter(({ lastActivity }) => lastActivity >= since)) {
      await this.#write(`activity of ${routespec}`)
      const stored = this.routes.get(routespec)
      if (stored !== undefined) this.routes.set(routespec, { ...stored, lastActivity })
    }
  }

  async close(): Promise<void> {}

  async discard(): Promise<void> {}

  /** Writes that begin from now on wait, until {@link release}. */
  hold(): void {
    this.#held ??= []
  }

  release(): void {
    for (const go of this.#held ?? []) go()
    this.#held = undefined
  }

  /** The target of what is stored; undefined if there is no such route. */
  target(routespec: string): string | undefined {
    return this.routes.get(routespec)?.data.target
  }

  async #write(call: string): Promise<void> {
    this.calls.push(call)
    if (this.#held !== undefined) await new Promise<void>((resolve) => this.#held?.push(resolve))
    if (this.failsWith !== undefined) throw new NotStoredError(this.failsWith)
  }
}
