import type { Member } from '../../src/store/shared.js'
import { LEASE_MS } from '../../src/store/shared.js'
import type { Network } from './network.js'
import { Channel } from './network.js'
import type { Timeline } from './timeline.js'
import type { Write } from './write.js'

/** What the store reports to one member: a write, or all routes. */
export type Report = { readonly revision: bigint; readonly write: Write } | Snapshot

export interface Snapshot {
  readonly revision: bigint
  readonly routes: ReadonlyMap<string, Write>
}

interface Watcher {
  readonly name: string
  readonly tell: (report: Report) => void
  channel: Channel
  /** Reports of an earlier connection don't arrive. */
  connection: number
}

interface Lease {
  readonly member: Member
  until: number
}

export const STORE = 'store'

/** A store as etcd or the Kubernetes API would be: one order of writes, leases, and a stream of what was written. */
export class ModelStore {
  readonly routes = new Map<string, Write>()
  revision = 1n
  /** Whether a control plane has ever begun to use it. */
  hasBegun = false
  /** By key: the last write that Envoys reject. It was stored by a control plane that had none. */
  readonly rejected = new Map<string, bigint>()
  readonly #timeline: Timeline
  readonly #network: Network
  readonly #leases = new Map<string, Lease>()
  readonly #watchers = new Set<Watcher>()

  constructor(timeline: Timeline, network: Network) {
    this.#timeline = timeline
    this.#network = network
  }

  write(write: Write): bigint {
    this.revision += 1n
    write.revision = this.revision
    this.routes.set(write.key, write)
    if (write.isBad) this.rejected.set(write.key, this.revision)
    for (const watcher of this.#watchers) this.#report(watcher, { revision: this.revision, write })
    return this.revision
  }

  snapshot(): Snapshot {
    return { revision: this.revision, routes: new Map(this.routes) }
  }

  watch(name: string, tell: (report: Report) => void): () => void {
    const watcher: Watcher = { name, tell, channel: new Channel(), connection: 0 }
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** The connections of all who watch break, and single writes that they were not told of are forgotten. */
  compact(): void {
    for (const watcher of this.#watchers) {
      watcher.connection += 1
      watcher.channel = new Channel()
      this.#report(watcher, this.snapshot())
    }
  }

  #report(watcher: Watcher, report: Report): void {
    const { connection } = watcher
    const arrive = () => {
      if (watcher.connection === connection && this.#watchers.has(watcher)) watcher.tell(report)
    }
    this.#network.send(STORE, watcher.name, arrive, watcher.channel)
  }

  /** @param before the registrations that this address had before: whoever had them has ended */
  join(id: string, address: string, before: readonly string[]): Member {
    for (const one of before) this.#leases.delete(one)
    this.revision += 1n
    const member = { id, address, joined: this.revision }
    this.#leases.set(id, { member, until: this.#timeline.now + LEASE_MS })
    return member
  }

  members(): Member[] {
    for (const [id, { until }] of this.#leases) if (until <= this.#timeline.now) this.#leases.delete(id)
    return [...this.#leases.values()].map(({ member }) => member)
  }

  /** Returns false if the lease is lost. */
  renew(id: string): boolean {
    if (!this.#isLeased(id)) return false
    const lease = this.#leases.get(id) as Lease
    lease.until = this.#timeline.now + LEASE_MS
    return true
  }

  leave(id: string): void {
    this.#leases.delete(id)
  }

  /** Returns false if who asks for it has lost its own lease. */
  fence(id: string, by: string): boolean {
    if (!this.#isLeased(by)) return false
    this.#leases.delete(id)
    return true
  }

  #isLeased(id: string): boolean {
    return (this.#leases.get(id)?.until ?? 0) > this.#timeline.now
  }
}
