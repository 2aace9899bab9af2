import type { Input } from '../../src/fleet/protocol/input.js'
import type { Member } from '../../src/store/shared.js'
import type { ControlPlane } from './control-plane.js'
import type { Report, Snapshot } from './model-store.js'
import type { PlaneWorld } from './plane-world.js'
import type { Routes } from './routes.js'
import { StoreCalls } from './store-calls.js'
import type { Write } from './write.js'

/** How long it takes to note that the store is in use. It is done before a control plane registers. */
const BEGIN_MS = 3

/** What a control plane asks of the store and hears of it. */
export class StoreSide {
  readonly #plane: ControlPlane
  readonly #world: PlaneWorld
  readonly #routes: Routes
  readonly #feed: (input: Input) => void
  readonly #calls: StoreCalls
  #me: Member | undefined
  /** Whether nobody has used the store before, until all routes are loaded for the first time. */
  #isFirst = false
  #watching: (() => void) | undefined
  /** How often all routes were to be read. */
  #loads = 0
  /** Reports that came while a snapshot is being read; undefined at other times. */
  #heldBack: Report[] | undefined
  readonly #reported = new Map<bigint, Report>()

  constructor(plane: ControlPlane, world: PlaneWorld, routes: Routes, feed: (input: Input) => void) {
    this.#plane = plane
    this.#world = world
    this.#routes = routes
    this.#feed = feed
    this.#calls = new StoreCalls(plane, world)
  }

  get id(): string {
    return this.#me?.id ?? ''
  }

  write(write: Write, end: (stored: { readonly revision: bigint } | undefined) => void): void {
    const { id } = this
    this.#calls.write(write, (stored) => {
      if (stored?.members.some((member) => member.id === id) === false) this.#feed({ type: 'lost', id })
      end(stored)
    })
  }

  /** The process begins: it looks whether somebody has used the store before, and notes that it is in use. */
  begin(): void {
    const { store } = this.#world
    this.#isFirst = !store.hasBegun
    this.#world.timeline.after(this.#world.random() * BEGIN_MS, () => {
      store.hasBegun = true
      this.#plane.do(() => this.join())
    })
  }

  join(): void {
    this.#calls.join((me, askedAt) => {
      this.#me = me
      this.#feed({ type: 'joined', me, askedAt })
    })
  }

  leave(): void {
    this.#calls.leave(this.id)
  }

  list(): void {
    this.#calls.list((members, askedAt) => this.#feed({ type: 'members', members, askedAt }))
  }

  renew(): void {
    const { id } = this
    this.#calls.renew(id, (isLeased, askedAt) => {
      this.#feed(isLeased ? { type: 'renewed', askedAt } : { type: 'lost', id })
    })
  }

  fence(id: string): void {
    const by = this.id
    this.#world.trace?.(`${by} fences ${id}`)
    this.#calls.fence(id, by, (outcome) => {
      if (outcome === 'lost') this.#feed({ type: 'lost', id: by })
      else this.#feed({ type: outcome, id })
    })
  }

  /**
   * Reads all routes, and watches from the first time on. What is reported meanwhile is newer, and waits. A reading that has
   * begun earlier is void.
   */
  load(): void {
    this.#heldBack ??= []
    this.#loads += 1
    const load = this.#loads
    const watch = () => {
      const hear = (report: Report) => this.#plane.do(() => this.#hear(report))
      this.#watching ??= this.#world.store.watch(this.#plane.name, hear)
    }
    this.#calls.snapshot(watch, (snapshot, askedAt) => {
      if (load !== this.#loads) return
      this.#applyAll(snapshot, () => {
        if (load !== this.#loads) return
        const isFirst = this.#isFirst && snapshot.routes.size === 0
        this.#isFirst = false
        this.#feed({ type: 'loaded', revision: snapshot.revision, askedAt, isFirst })
        const held = this.#heldBack ?? []
        this.#heldBack = undefined
        for (const report of held) this.#hear(report)
      })
    })
  }

  #hear(report: Report): void {
    if (this.#heldBack !== undefined) {
      this.#heldBack.push(report)
      return
    }
    this.#reported.set(report.revision, report)
    this.#feed({ type: 'event', revision: report.revision })
  }

  apply(revision: bigint): void {
    const report = this.#reported.get(revision) as Report
    this.#reported.delete(revision)
    const applied = () => this.#feed({ type: 'applied', revision })
    if ('routes' in report) {
      this.#applyAll(report, applied)
      return
    }
    this.#routes.apply(report.write, revision, (outcome) => {
      if (outcome === 'late') this.#feed({ type: 'stuck' })
      else applied()
    })
  }

  #applyAll({ routes, revision }: Snapshot, done: () => void): void {
    let left = routes.size
    if (left === 0) done()
    for (const write of routes.values()) {
      this.#routes.apply(write, revision, () => {
        left -= 1
        if (left === 0) done()
      })
    }
  }

  close(): void {
    this.#watching?.()
  }
}
