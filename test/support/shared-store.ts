import { StoreAwayError } from '../../src/routing/errors.js'
import type { Route } from '../../src/routing/route.js'
import type { Revision, RouteChange, StoreEvent } from '../../src/routing/store.js'
import type { Member, Members, SharedStore } from '../../src/store/shared.js'
import { LEASE_MS, LeaseLostError } from '../../src/store/shared.js'

type Apply = (event: StoreEvent) => Promise<void>

/** What is known of one control plane's store. */
interface Own {
  readonly index: number
  mine?: Leased
  /** Whether a write of it may yet be made that it has given up. */
  hasOpenWrite: boolean
}

/** A member, and when its lease ends. */
interface Leased extends Member {
  until: number
}

/** What several control planes write to, as they would to etcd: one order of writes, which each is told of. */
export class SharedRoutes {
  readonly routes = new Map<string, Route>()
  readonly #watchers = new Map<Apply, StoreEvent[]>()
  readonly #members = new Map<string, Leased>()
  readonly #now: () => number
  #revision: Revision = 0n
  /** What became of applying each event, in the order in which that ended: `2 done`, `3 refused: why`. */
  readonly applied: string[] = []
  /** Which store has stored that these routes were in use, in order. The first that was opened is 0. */
  readonly storedActivity: Array<{ readonly store: number; readonly keys: readonly string[] }> = []
  #opened = 0
  /** Whether events wait for {@link tell}. */
  holds = false
  /** The next write is made, but nobody learns so from its answer. */
  losesAnswer = false
  /** The next write is given up, and made by {@link carryOut}. */
  givesUpWrite = false
  #late: () => void = () => {}
  /** What it takes to see to it that no such write is made any more. */
  settling: Promise<void> = Promise.resolve()
  /** Whether no call of anybody is answered but with an error. */
  isAway = false
  /** Why the routes can't be read again; undefined if they can. */
  unreadable: string | undefined
  /** Whether nobody has used it before. */
  isFirst = false
  /** What a reading of all routes takes. They are as of its beginning. */
  reading: Promise<void> = Promise.resolve()
  /** The next registration is made, but nobody learns so from its answer. */
  losesRegistration = false
  /** What a registration takes. */
  registering: Promise<void> = Promise.resolve()
  /** Whether nobody's lease can be revoked. */
  fencesNobody = false
  /** All writes, for who watches later. */
  #written: Array<StoreEvent & { readonly key: string }> = []

  /** @param now the time in milliseconds, by which leases expire */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** A store of one control plane. */
  open(): SharedStore {
    let loaded = 0n
    let watching: Apply | undefined
    const own: Own = { index: this.#opened, hasOpenWrite: false }
    this.#opened += 1
    return {
      ...{ where: 'a shared store', isDurable: true, isNew: false, directory: undefined },
      get loaded() {
        return loaded
      },
      members: this.#membersOf(own),
      load: async () => {
        this.#answer()
        loaded = this.#revision
        const routes = [...this.routes.values()]
        await this.reading
        return routes
      },
      fill: async () => {},
      write: (change) => this.#write(change, own),
      writeAmong: async (change) => ({ revision: await this.#write(change, own), members: this.#alive() }),
      get hasOpenWrite() {
        return own.hasOpenWrite
      },
      settle: async () => {
        await this.settling
        own.hasOpenWrite = false
      },
      storeActivity: async (routes, since) => {
        this.#answer()
        const keys = routes.filter(({ lastActivity }) => lastActivity >= since).map(({ routespec }) => routespec)
        this.storedActivity.push({ store: own.index, keys })
      },
      hasBegun: async () => true,
      begin: async () => {},
      isFirst: this.isFirst,
      reload: async () => {
        this.#answer()
        if (this.unreadable !== undefined) throw new StoreAwayError(this.unreadable)
        const all = { revision: this.#revision, routes: [...this.routes.values()] }
        await this.reading
        return all
      },
      watch: (apply) => {
        watching = apply
        const missed = this.#written.filter(({ revision }) => revision > loaded)
        this.#watchers.set(apply, missed)
        if (!this.holds) this.tell()
      },
      close: async () => {
        if (watching !== undefined) this.#watchers.delete(watching)
      },
      discard: async () => {},
    }
  }

  #membersOf(own: Own): Members {
    return {
      join: async ({ id, address }) => {
        await this.registering
        this.#answer()
        if (this.#members.has(id)) throw new Error(`${id} is taken`)
        this.#revision += 1n
        const mine = { id, address, joined: this.#revision, until: this.#now() + LEASE_MS }
        this.#members.set(id, mine)
        if (this.losesRegistration) {
          this.losesRegistration = false
          throw new StoreAwayError('the connection is lost')
        }
        Object.assign(own, { mine, hasOpenWrite: false })
        return mine
      },
      renew: async () => {
        this.#answer()
        this.#alive()
        const { mine } = own
        if (mine === undefined || this.#members.get(mine.id) !== mine) throw new LeaseLostError()
        mine.until = this.#now() + LEASE_MS
      },
      leave: async () => {
        this.#answer()
        if (own.mine !== undefined) this.#members.delete(own.mine.id)
        delete own.mine
      },
      list: async () => this.#alive(),
      fence: async (id) => {
        this.#alive()
        const { mine } = own
        if (mine !== undefined && this.#members.get(mine.id) !== mine) throw new LeaseLostError()
        if (this.fencesNobody) throw new Error('it can not be deleted')
        this.#members.delete(id)
      },
    }
  }

  /** Those whose lease hasn't expired. The others are removed. */
  #alive(): Member[] {
    this.#answer()
    for (const { id, until } of this.#members.values()) if (until <= this.#now()) this.#members.delete(id)
    return [...this.#members.values()].map(({ id, address, joined }) => ({ id, address, joined }))
  }

  async #write(change: RouteChange, own: Own): Promise<Revision> {
    this.#answer()
    if (!this.givesUpWrite) return this.#carryOut(change)
    this.givesUpWrite = false
    own.hasOpenWrite = true
    const { mine } = own
    this.#late = () => {
      const isMember = mine !== undefined && this.#members.get(mine.id) === mine
      if (own.hasOpenWrite && isMember) this.#carryOut(change)
    }
    throw new StoreAwayError('the shared store gives no answer')
  }

  /** Makes the write that was given up, unless its member has seen to it that it is not made or is no member any more. */
  carryOut(): void {
    this.#late()
  }

  #carryOut({ key, after }: RouteChange): Revision {
    this.#revision += 1n
    const revision = this.#revision
    if (after === undefined) this.routes.delete(key)
    else this.routes.set(key, after)
    const event = { revision, key, route: after }
    this.#written.push(event)
    for (const waiting of this.#watchers.values()) waiting.push(event)
    if (!this.holds) this.tell()
    if (!this.losesAnswer) return revision
    this.losesAnswer = false
    throw new Error('the connection is lost')
  }

  /** The lease of a member ends, and nobody has told it yet. */
  endLease(address: string): void {
    for (const { id, address: its } of this.#members.values()) if (its === address) this.#members.delete(id)
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

  /** @returns what sets it back to how it is now. Nobody has a lease then */
  backUp(): () => void {
    const [revision, routes] = [this.#revision, new Map(this.routes)]
    return () => {
      this.#revision = revision
      this.routes.clear()
      for (const [key, route] of routes) this.routes.set(key, route)
      this.#members.clear()
      this.#written = this.#written.filter((event) => event.revision <= revision)
      this.compact()
    }
  }

  /** The addresses of those that have a lease. */
  get addresses(): readonly (string | undefined)[] {
    return [...this.#members.values()].map(({ address }) => address)
  }

  #answer(): void {
    if (this.isAway) throw new StoreAwayError('the shared store is away')
  }

  #tell(apply: Apply, event: StoreEvent): void {
    apply(event).then(
      () => this.applied.push(`${event.revision} done`),
      (error: Error) => this.applied.push(`${event.revision} refused: ${error.message}`),
    )
  }
}
