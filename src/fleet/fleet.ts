import type { Clock } from '../platform/clock.js'
import { Alarm } from '../platform/clock.js'
import type { PlainLog } from '../platform/log.js'
import type { Revision, StoreEvent } from '../routing/store.js'
import type { Member, SharedStore } from '../store/shared.js'
import { Calls } from './calls.js'
import type { Apply, Reported } from './events.js'
import { Events } from './events.js'
import type { Effect } from './protocol/effect.js'
import type { Input } from './protocol/input.js'
import { FleetMember } from './protocol/member.js'
import type { Standing } from './protocol/messages.js'
import type { PeerView } from './protocol/peer.js'
import { Questions } from './questions.js'
import type { PeerLinks } from './streams/links.js'

export interface FleetOptions {
  readonly store: SharedStore
  readonly links: PeerLinks
  /** `host:port` at which other members reach this one; undefined if they can't. */
  readonly address: string | undefined
  readonly clock: Clock
  readonly newId: () => string
  readonly log: PlainLog
  /** Called when this member stands elsewhere, with what it was told just before. */
  readonly onStanding: (standing: Standing, after: Input['type']) => void
  /** Called when this member has revoked the lease of another one, with what it knew of that one before. */
  readonly onFenced: (id: string, peer: PeerView | undefined) => void
  /** Called when the store has been set back to this revision, as from a backup. */
  readonly onSetBack: (revision: Revision) => void
}

/** What the protocol is told. */
interface Told {
  readonly input: Input
  /** The event, if it is one. */
  readonly reported?: Reported | undefined
}

/** Carries out what the protocol decides: asks the store, talks to peers, keeps time and applies events. */
export class Fleet {
  readonly #options: FleetOptions
  readonly #questions: Questions
  readonly #events: Events
  readonly #alarm: Alarm
  readonly #protocol = new FleetMember()
  /** What the protocol is yet to be told. */
  readonly #inputs: Told[] = []
  #isHandling = false
  readonly #calls = new Calls()
  /** Resolves {@link join}. */
  #onFirstLoad: (() => void) | undefined
  #onGone: () => void = () => {}
  #hasLeft = false

  constructor(options: FleetOptions) {
    this.#options = options
    this.#questions = new Questions({ ...options, tell: (input) => this.tell(input) })
    this.#events = new Events({
      questions: this.#questions,
      tell: (input, reported) => this.tell(input, reported),
      onSetBack: (revision) => this.#beginAnew(revision),
    })
    this.#alarm = new Alarm(options.clock, () => this.tell({ type: 'tick' }))
  }

  get protocol(): FleetMember {
    return this.#protocol
  }

  /** Registers this member. Resolves when the routes are to be loaded. @throws an error of the store */
  async join(): Promise<void> {
    const { me, askedAt } = await this.#questions.firstJoin()
    const due = new Promise<void>((resolve) => {
      this.#onFirstLoad = resolve
    })
    this.#joined(me, askedAt)
    await due
  }

  #joined(me: Member, askedAt: number): void {
    this.#options.links.begin(me.id)
    this.tell({ type: 'joined', me, askedAt })
  }

  /**
   * The routes have been loaded; events are applied by this from now on.
   *
   * @param isFirst whether nobody has used the store before this process
   */
  begin(apply: Apply, askedAt: number, isFirst: boolean): void {
    const { loaded } = this.#options.store
    this.#events.begin(apply, loaded)
    this.tell({ type: 'loaded', revision: loaded, askedAt, isFirst })
  }

  /** See {@link Events.report}. */
  report(event: StoreEvent): Promise<void> {
    return this.#events.report(event)
  }

  /** Resolves when every other member has the write. @throws NotAgreedError */
  agree(revision: Revision): Promise<void> {
    return this.#calls.wait((call) => this.tell({ type: 'agree', call, revision }))
  }

  /** The id of this member's present or last registration. */
  get id(): string {
    return this.#questions.id
  }

  /** How long ago its lease was asked for or renewed, in milliseconds; undefined while it is not registered. */
  get leaseAgeMs(): number | undefined {
    const { leasedAt } = this.protocol
    return leasedAt === undefined ? undefined : this.#options.clock.now() - leasedAt
  }

  /** The store has said that this registration is lost. */
  lost(id: string): void {
    this.tell({ type: 'lost', id })
  }

  /** Ends in order: Envoys go elsewhere, and others no longer wait for this member. */
  async leave(): Promise<void> {
    const gone = new Promise<void>((resolve) => {
      this.#onGone = resolve
    })
    this.#hasLeft = true
    this.#questions.close()
    this.tell({ type: 'leave' })
    await gone
    await this.#questions.leave()
  }

  close(): void {
    this.#questions.close()
    this.#alarm.cancel()
    this.#options.links.close()
  }

  /** Tells the protocol something, and carries out what it decides. What follows from that is told afterwards. */
  tell(input: Input, reported?: Reported): void {
    this.#inputs.push({ input, reported })
    if (this.#isHandling) return
    this.#isHandling = true
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        const effects = this.#protocol.handle(next.input, this.#options.clock.now())
        for (const effect of effects) this.#carryOut(effect, next)
        // Too old, unless it is being applied.
        next.reported?.settle(Promise.resolve())
      }
    } finally {
      this.#isHandling = false
    }
    this.#alarm.at(this.#protocol.wakeAt)
  }

  #carryOut(effect: Effect, { input, reported }: Told): void {
    const { links, onStanding } = this.#options
    if (effect.type === 'standing') onStanding(effect.standing, input.type)
    else if (effect.type === 'answer') this.#calls.answer(effect.call, effect.agreed)
    else if (effect.type === 'gone') this.#onGone()
    else if (effect.type === 'connect') links.connect(effect.member)
    else if (effect.type === 'disconnect') links.disconnect(effect.id)
    else if (effect.type === 'send') links.send(effect.to, { status: effect.status })
    else if (effect.type === 'apply') reported && this.#events.apply(reported)
    else void this.#ask(effect)
  }

  #ask(effect: Extract<Effect, { readonly type: 'join' | 'load' | 'list' | 'renew' | 'fence' }>): Promise<void> {
    switch (effect.type) {
      case 'join':
        return this.#joinAgain()
      case 'load':
        return this.#load()
      case 'list':
        return this.#questions.list()
      case 'renew':
        return this.#questions.renew()
      case 'fence':
        return this.#fence(effect.id)
    }
  }

  async #fence(id: string): Promise<void> {
    const peer = this.#protocol.peers().find(({ member }) => member.id === id)
    if (await this.#questions.fence(id)) this.#options.onFenced(id, peer)
  }

  /**
   * All members join again: with the revisions of before, they would count as having acknowledged writes that are yet to
   * come.
   */
  #beginAnew(revision: Revision): void {
    const { log, store, onSetBack } = this.#options
    log.warn(`${store.where} has been set back to an earlier state: this control plane joins again`)
    onSetBack(revision)
    this.tell({ type: 'set-back' })
  }

  async #joinAgain(): Promise<void> {
    this.#events.drop()
    const joined = await this.#questions.joinAgain()
    if (joined === undefined) return
    if (!this.#hasLeft) this.#joined(joined.me, joined.askedAt)
    else await this.#questions.leave()
  }

  /** The first time by way of the table. */
  async #load(): Promise<void> {
    if (this.#onFirstLoad === undefined) return this.#events.load()
    this.#onFirstLoad()
    this.#onFirstLoad = undefined
  }
}
