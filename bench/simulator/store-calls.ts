import type { Member } from '../../src/store/shared.js'
import type { ControlPlane } from './control-plane.js'
import type { ModelStore, Snapshot } from './model-store.js'
import { STORE } from './model-store.js'
import type { PlaneWorld } from './plane-world.js'
import type { Write } from './write.js'

/** How long a control plane waits for an answer of the store: of what is done again soon, and of a write. */
const SHORT_MS = 500
const WRITE_MS = 1_800

const AGAIN_MS = 200

/** The calls of one control plane to the store. Each may be late, or be done though its answer is not awaited any more. */
export class StoreCalls {
  readonly #plane: ControlPlane
  readonly #world: PlaneWorld

  constructor(plane: ControlPlane, world: PlaneWorld) {
    this.#plane = plane
    this.#world = world
  }

  /** @param answer gets undefined if there was no answer in time */
  #call<T>(
    limitMs: number,
    work: (store: ModelStore) => T,
    answer: (result: T | undefined, askedAt: number) => void,
  ): void {
    const { network, timeline, store } = this.#world
    const plane = this.#plane
    const askedAt = plane.clock
    let isOver = false
    const end = (result: T | undefined) =>
      plane.do(() => {
        if (isOver) return
        isOver = true
        answer(result, askedAt)
      })
    network.send(plane.name, STORE, () => {
      const result = work(store)
      network.send(STORE, plane.name, () => end(result))
    })
    timeline.after(limitMs, () => isOver || end(undefined))
  }

  write(write: Write, answer: (stored: { revision: bigint; members: readonly Member[] } | undefined) => void): void {
    const { hasTransactions } = this.#world
    const both = (store: ModelStore) => {
      const revision = store.write(write)
      return { revision, members: hasTransactions ? store.members() : undefined }
    }
    this.#call(WRITE_MS, both, (stored) => {
      if (stored === undefined) return answer(undefined)
      const { revision, members } = stored
      if (members !== undefined) return answer({ revision, members })
      const list = (store: ModelStore) => store.members()
      this.#call(SHORT_MS, list, (listed) => answer(listed && { revision, members: listed }))
    })
  }

  list(answer: (members: readonly Member[], askedAt: number) => void): void {
    const list = (store: ModelStore) => store.members()
    this.#call(SHORT_MS, list, (members, askedAt) => members && answer(members, askedAt))
  }

  renew(id: string, answer: (isLeased: boolean, askedAt: number) => void): void {
    const renew = (store: ModelStore) => store.renew(id)
    this.#call(SHORT_MS, renew, (isLeased, askedAt) => isLeased !== undefined && answer(isLeased, askedAt))
  }

  fence(id: string, by: string, answer: (outcome: 'revoked' | 'not-revoked' | 'lost') => void): void {
    const fence = (store: ModelStore) => (store.fence(id, by) ? 'revoked' : 'lost')
    this.#call(SHORT_MS, fence, (outcome) => answer(outcome ?? 'not-revoked'))
  }

  /** Releases what this address had before and registers, under a new id for each attempt, until that succeeds. */
  join(answer: (me: Member, askedAt: number) => void): void {
    const { nextId } = this.#world
    const { name } = this.#plane
    const id = `${name}.${nextId()}`
    const before = this.#plane.ids.splice(0)
    this.#plane.ids.push(...before, id)
    this.#call(
      SHORT_MS,
      (store) => store.join(id, name, before),
      (me, askedAt) => {
        if (me === undefined) this.#again(() => this.join(answer))
        else answer(me, askedAt)
      },
    )
  }

  /** Reads all routes, until that succeeds. */
  snapshot(watch: () => void, answer: (snapshot: Snapshot, askedAt: number) => void): void {
    const read = (store: ModelStore) => {
      watch()
      return store.snapshot()
    }
    this.#call(SHORT_MS, read, (snapshot, askedAt) => {
      if (snapshot !== undefined) return answer(snapshot, askedAt)
      this.#again(() => this.snapshot(watch, answer))
    })
  }

  leave(id: string): void {
    this.#call(
      SHORT_MS,
      (store) => store.leave(id),
      () => {},
    )
  }

  #again(work: () => void): void {
    this.#world.timeline.after(AGAIN_MS, () => this.#plane.do(work))
  }
}
