import type { Route } from '../../src/routing/route.js'
import type { OpenedStore, Revision, RouteChange, StoreEvent } from '../../src/routing/store.js'

type Apply = (event: StoreEvent) => Promise<void>

/** What several control planes write to, as they would to etcd: one order of writes, which each is told of. */
export class SharedRoutes {
  readonly routes = new Map<string, Route>()
  readonly #watchers = new Map<Apply, StoreEvent[]>()
  #revision: Revision = 0n
  /** What became of applying each event, in the order in which that ended: `2 done`, `3 refused: why`. */
  readonly applied: string[] = []
  /** Whether events wait for {@link tell}. */
  holds = false
  /** The next write is made, but nobody learns so from its answer. */
  losesAnswer = false

  /** A store of one control plane. */
  open(): OpenedStore {
    return {
      ...{ where: 'a shared store', isDurable: true, isNew: false, directory: undefined },
      load: async () => [...this.routes.values()],
      fill: async () => {},
      write: (change) => this.#write(change),
      storeActivity: async () => {},
      watch: (apply) => void this.#watchers.set(apply, []),
      close: async () => {},
      discard: async () => {},
    }
  }

  async #write({ key, after }: RouteChange): Promise<Revision> {
    this.#revision += 1n
    const revision = this.#revision
    if (after === undefined) this.routes.delete(key)
    else this.routes.set(key, after)
    for (const waiting of this.#watchers.values()) waiting.push({ revision, key, route: after })
    if (!this.holds) this.tell()
    if (!this.losesAnswer) return revision
    this.losesAnswer = false
    throw new Error('the connection is lost')
  }

  /** Tells every control plane what it hasn't been told. */
  tell(): void {
    for (const [apply, waiting] of this.#watchers) for (const event of waiting.splice(0)) this.#tell(apply, event)
  }

  /** Single writes are forgotten, and all are told what there is. */
  compact(): void {
    for (const [apply, waiting] of this.#watchers) {
      waiting.splice(0)
      this.#tell(apply, { revision: this.#revision, routes: [...this.routes.values()] })
    }
  }

  #tell(apply: Apply, event: StoreEvent): void {
    apply(event).then(
      () => this.applied.push(`${event.revision} done`),
      (error: Error) => this.applied.push(`${event.revision} refused: ${error.message}`),
    )
  }
}
