import type { Clock } from '../platform/clock.js'
import type { PlainLog } from '../platform/log.js'
import { storeReason } from '../routing/errors.js'
import type { Route } from '../routing/route.js'
import type { Revision } from '../routing/store.js'
import type { Member, SharedStore } from '../store/shared.js'
import { LeaseLostError } from '../store/shared.js'
import type { Input } from './protocol/input.js'
import type { Question } from './troubles.js'
import { Troubles } from './troubles.js'

/** The pause before the store is asked again for what must succeed, in milliseconds. */
const PAUSE_MS = 500

/** How long a registration is remembered whose answer was lost. Its lease ends sooner, if there is one. */
const MEMORY_MS = 60_000

const NO_ADDRESSES =
  'Another control plane of these routes runs, and neither can reach the other: only the one that was started last takes ' +
  'changes. Stop one of them, or run both with --envoy-mode external, each with its own --member-address'

function sameAddress(address: string): string {
  return `Another control plane of these routes has the same address, ${address}: give each its own --member-address`
}

export interface QuestionsOptions {
  readonly store: SharedStore
  /** `host:port` at which other members reach this one; undefined if they can't. */
  readonly address: string | undefined
  readonly clock: Clock
  readonly newId: () => string
  readonly log: PlainLog
  readonly tell: (input: Input) => void
}

/** All routes of the store. */
export interface Reloaded {
  readonly revision: Revision
  readonly routes: readonly Route[]
  /** When it was asked. */
  readonly askedAt: number
}

/** Asks the store what the protocol wants to know, and tells the answers. */
export class Questions {
  readonly #options: QuestionsOptions
  readonly #troubles: Troubles
  /** The registration that is asked for. */
  #id = ''
  #isClosed = false
  /** The registrations that got no answer, and when they were asked for: the store may have them. */
  readonly #unanswered = new Map<string, number>()
  /** What the log says of a member that can't be fenced, until one can. */
  #notFenced = ''
  /** Whether another member is known to have this one's address. */
  #isDouble = false

  constructor(options: QuestionsOptions) {
    this.#options = options
    this.#troubles = new Troubles(options.log, options.clock)
  }

  /**
   * Registers this member for the first time. Whoever was at its address before has ended: nobody need wait for that
   * one's lease to expire. Two without an address can't agree on anything: the later one takes the place of the earlier.
   *
   * @throws StoreAwayError or another error of the store
   */
  async firstJoin(): Promise<{ readonly me: Member; readonly askedAt: number }> {
    const { store, address } = this.#options
    for (const { id, address: its } of await store.members.list()) {
      if (its === address) await store.members.fence(id)
    }
    return this.#register()
  }

  /** Registers this member again, as soon as that succeeds; undefined if this is closed before. */
  joinAgain(): Promise<{ readonly me: Member; readonly askedAt: number } | undefined> {
    return this.#untilDone('join', async () => {
      await this.#options.store.members.leave()
      return this.#register()
    })
  }

  async #register(): Promise<{ readonly me: Member; readonly askedAt: number }> {
    const { store, address, clock, newId } = this.#options
    const askedAt = clock.now()
    const id = newId()
    for (const [other, at] of this.#unanswered) if (at + MEMORY_MS < askedAt) this.#unanswered.delete(other)
    const me = await store.members.join({ id, address }).catch((error) => {
      this.#unanswered.set(id, askedAt)
      throw error
    })
    this.#id = me.id
    return { me, askedAt }
  }

  async list(): Promise<void> {
    const askedAt = this.#options.clock.now()
    const members = await this.#once('list', () => this.#options.store.members.list())
    if (members === undefined) return
    const others = members.filter((member) => !this.#isNobody(member))
    this.#warnOfDouble(others)
    this.#options.tell({ type: 'members', members: others, askedAt })
  }

  /** A registration of this process that it doesn't use. Whoever joins would wait for its lease to end. */
  #isNobody({ id }: Member): boolean {
    if (!this.#unanswered.has(id)) return false
    // If this fails, the next list has it once more.
    this.#options.store.members.fence(id).catch(() => {})
    return true
  }

  /** Whoever starts at an address takes its place: of two that run, each start would end the other's. */
  #warnOfDouble(members: readonly Member[]): void {
    const { address, log } = this.#options
    const isDouble = members.some((one) => one.address === address && one.id !== this.#id)
    if (isDouble && !this.#isDouble) log.warn(address === undefined ? NO_ADDRESSES : sameAddress(address))
    this.#isDouble = isDouble
  }

  async renew(): Promise<void> {
    const askedAt = this.#options.clock.now()
    const renewed = await this.#once('renew', async () => {
      await this.#options.store.members.renew()
      return true
    })
    if (renewed) this.#options.tell({ type: 'renewed', askedAt })
  }

  /** The id of the present or last registration. */
  get id(): string {
    return this.#id
  }

  /** @returns whether the lease of this member has been revoked */
  async fence(id: string): Promise<boolean> {
    const { store, log, tell } = this.#options
    const own = this.#id
    try {
      await store.members.fence(id)
      this.#notFenced = ''
      tell({ type: 'revoked', id })
      return true
    } catch (error) {
      if (error instanceof LeaseLostError) {
        tell({ type: 'lost', id: own })
        return false
      }
      const line = `The control plane ${id} can't be fenced, will retry: ${storeReason(error as Error)}`
      if (line !== this.#notFenced) log.warn(line)
      this.#notFenced = line
      tell({ type: 'not-revoked', id })
      return false
    }
  }

  /** All routes, once the store can be read; undefined if this is closed before. */
  reload(): Promise<Reloaded | undefined> {
    return this.#untilDone('load', async () => {
      const askedAt = this.#options.clock.now()
      return { ...(await this.#options.store.reload()), askedAt }
    })
  }

  /** Resolves once no write of this member that was given up can take effect any more, or when this is closed. */
  async settled(): Promise<void> {
    const { store } = this.#options
    if (!store.hasOpenWrite) return
    await this.#untilDone('settle', async () => {
      await store.settle()
      return true
    })
  }

  /** Gives up the lease, so that nobody waits until it ends by itself. */
  async leave(): Promise<void> {
    const { store, log } = this.#options
    await store.members.leave().catch((error: Error) => {
      log.warn(`This control plane can't give up its lease, which ends by itself within 10 s: ${storeReason(error)}`)
    })
  }

  /** Nothing is asked again from now on. */
  close(): void {
    this.#isClosed = true
  }

  /** The answer; undefined if there is none. */
  async #once<T>(question: Question, ask: () => Promise<T>): Promise<T | undefined> {
    const id = this.#id
    try {
      const answer = await ask()
      this.#troubles.answered(question)
      return answer
    } catch (error) {
      if (error instanceof LeaseLostError) {
        this.#troubles.answered(question)
        this.#options.tell({ type: 'lost', id })
      } else this.#troubles.failed(question, storeReason(error as Error))
      return undefined
    }
  }

  async #untilDone<T>(question: Question, ask: () => Promise<T>): Promise<T | undefined> {
    for (;;) {
      const answer = await this.#once(question, ask)
      if (answer !== undefined || this.#isClosed) return answer
      await new Promise<void>((resolve) => void this.#options.clock.after(PAUSE_MS, resolve))
    }
  }
}
