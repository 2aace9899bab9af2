import { randomUUID } from 'node:crypto'
import type { Clock } from '../platform/clock.js'
import { SYSTEM_CLOCK } from '../platform/clock.js'
import { FatalError } from '../platform/fatal-error.js'
import { storeReason } from '../routing/errors.js'
import type { Route } from '../routing/route.js'
import type { OpenedStore, Revision, RouteChange, StoreEvent } from '../routing/store.js'
import type { SharedStore } from '../store/shared.js'
import { LeaseLostError } from '../store/shared.js'
import type { Subscriptions } from '../xds/subscriptions.js'
import type { ActivityExchange, ActivityTable } from './activity.js'
import { TOLD_LATE_MS } from './activity.js'
import { Exchanges } from './exchanges.js'
import { Fleet } from './fleet.js'
import { FenceHistory } from './history.js'
import { Place } from './place.js'
import type { Input } from './protocol/input.js'
import type { Standing } from './protocol/messages.js'
import type { FleetStoreOptions } from './store-options.js'
import type { PeerLinks } from './streams/links.js'
import { Links } from './streams/links.js'
import type { PeerMessage } from './streams/messages.js'
import type { FleetFigures, FleetView } from './view.js'
import { fleetView } from './view.js'

/**
 * A store that several control planes write to, around the one that has the routes. A write is stored first; then
 * {@link agreed} waits until the Envoys of all of them have it.
 */
export class FleetStore implements OpenedStore {
  readonly where: string
  readonly isDurable: boolean
  readonly isNew = false
  readonly directory: string | undefined
  /** Where this control plane stands among the others, and what that means for its calls and Envoys. */
  readonly place: Place
  readonly links: PeerLinks
  readonly #store: SharedStore
  readonly #fleet: Fleet
  readonly #clock: Clock
  /** The last write of anybody that is known here. */
  #last: Revision | undefined
  #loadedAt = 0
  /** Whether there can be no Envoys of earlier control planes: there were none. Known once the routes are loaded. */
  isFirst = false
  /** Since when another control plane was to store activity. */
  #unstoredSince: Date | undefined
  readonly #exchanges: Exchanges
  readonly #history = new FenceHistory()
  readonly #address: string | undefined

  constructor(options: FleetStoreOptions) {
    const { store, log, clock = SYSTEM_CLOCK, newId = randomUUID } = options
    this.#store = store
    this.#clock = clock
    this.#exchanges = new Exchanges(clock)
    this.#address = options.address
    this.where = store.where
    this.isDurable = store.isDurable
    this.directory = store.directory
    const { makeLinks = (how) => new Links(how) } = options
    this.links = makeLinks({
      ...{ tls: options.tls, clock, log },
      onMessage: (_from, message) => this.#hear(message),
      onUp: (id) => this.#exchanges.reached(id),
      onEnded: (id) => this.#fleet.tell({ type: 'ended', id }),
      addressOf: async (id) => (await store.members.list()).find((member) => member.id === id)?.address,
    })
    this.#fleet = new Fleet({
      ...{ store, links: this.links, address: options.address, clock, newId, log },
      onStanding: (standing, after) => this.#stands(standing, after),
      onFenced: (id, peer) => {
        this.#history.fences(id, peer)
        log.warn(`Fenced the control plane at ${peer?.member.address ?? id}: ${this.#history.last[0]?.why}`)
      },
      onSetBack: () => {
        this.#last = undefined
      },
    })
    this.place = new Place({
      ...options,
      tell: (input) => this.#fleet.tell(input),
      isReady: () => this.protocol.isReady,
    })
  }

  /** What the protocol knows of this control plane and the others. */
  get protocol(): Fleet['protocol'] {
    return this.#fleet.protocol
  }

  /** Exchanges with the other control planes when routes were in use. */
  exchangeActivity(table: ActivityTable): ActivityExchange {
    return this.#exchanges.tellActivity(table, this.links)
  }

  /** Exchanges with the other control planes what Envoys may have without naming it. */
  exchangeDoubts(subscriptions: readonly Subscriptions[]): void {
    this.#exchanges.tellDoubts(subscriptions, this.links)
  }

  async load(): Promise<readonly Route[]> {
    await this.#fleet.join().catch((error: Error) => {
      if (error instanceof FatalError) throw error
      throw new FatalError(`This control plane can't join the others that use ${this.where}: ${storeReason(error)}`)
    })
    this.#loadedAt = this.#clock.now()
    const routes = await this.#store.load()
    this.isFirst = this.#store.isFirst && routes.length === 0
    return routes
  }

  fill(routes: readonly Route[]): Promise<void> {
    return this.#store.fill(routes)
  }

  /** Whoever is no member any more doesn't know of those who have joined since, and so can't vouch for their Envoys. */
  async write(change: RouteChange): Promise<Revision> {
    const { id } = this.#fleet
    this.#fleet.tell({ type: 'writing' })
    try {
      const { revision, members } = await this.#store.writeAmong(change)
      if (members?.every((member) => member.id !== id)) this.#fleet.lost(id)
      this.#seen(revision)
      return revision
    } catch (error) {
      if (error instanceof LeaseLostError) this.#fleet.lost(id)
      throw error
    }
  }

  agreed(revision: Revision): Promise<void> {
    return this.#fleet.agree(revision)
  }

  /** Of all control planes only one stores activity: the others would store the same. */
  async storeActivity(routes: readonly Route[], since: Date): Promise<void> {
    const from = this.#unstoredSince ?? new Date(since.getTime() - TOLD_LATE_MS)
    this.#unstoredSince = from
    if (!this.protocol.isOldest) return
    await this.#store.storeActivity(routes, from)
    this.#unstoredSince = undefined
  }

  watch(apply: (event: StoreEvent) => Promise<void>): void {
    this.#fleet.begin(apply, this.#loadedAt, this.isFirst)
    this.#store.watch((event) => {
      if ('key' in event) this.#seen(event.revision)
      return this.#fleet.report(event)
    })
  }

  /** Ends in order: its Envoys go to other control planes, which then no longer wait for it. */
  leave(): Promise<void> {
    return this.#fleet.leave()
  }

  async close(): Promise<void> {
    this.#stop()
    await this.#store.close()
  }

  async discard(own: number): Promise<void> {
    this.place.beginLeaving()
    // If others weren't told, a change would wait until one of them has given this one up.
    await this.#fleet.leave().catch(() => {})
    this.#stop()
    await this.#store.discard(own)
  }

  /**
   * The control planes over this store.
   *
   * @param envoys the node ids of those that are connected here
   */
  view(envoys: readonly string[]): FleetView {
    const { protocol } = this
    const { id, leaseAgeMs } = this.#fleet
    const { standing, acknowledged } = protocol
    return fleetView({
      ...{ store: this.where, lastWrite: this.#last, peers: protocol.peers(), fenced: this.#history.last },
      self: { id, address: this.#address, standing, acknowledged, envoys, leaseAgeMs },
    })
  }

  /** For metrics. */
  get figures(): FleetFigures {
    const others = this.protocol.peers().filter(({ standing, isFenced }) => standing === 'in' && !isFenced)
    const isIn = this.place.standing === 'in'
    const { others: fenced, self: lost } = this.#history.counts
    return { isIn, members: others.length + (isIn ? 1 : 0), fenced, lost }
  }

  #stands(standing: Standing, after: Input['type']): void {
    if (standing === 'out' && this.place.standing !== 'out' && !this.place.hasLeft) {
      this.#history.lost(this.#fleet.id, this.#address, after)
    }
    this.place.stands(standing)
  }

  #stop(): void {
    this.#exchanges.close()
    this.#fleet.close()
  }

  #hear(message: PeerMessage): void {
    if ('status' in message) this.#fleet.tell({ type: 'heard', status: message.status })
    else this.#exchanges.heard(message)
  }

  #seen(revision: Revision): void {
    if (revision > (this.#last ?? 0n)) this.#last = revision
  }
}
