import { RouteNotAcknowledgedError } from '../routing/errors.js'
import type { Revision, StoreEvent } from '../routing/store.js'
import type { Input } from './protocol/input.js'
import type { Questions } from './questions.js'

export type Apply = (event: StoreEvent) => Promise<void>

/** An event of the store, and the promise that its reporter has. */
export interface Reported {
  readonly event: StoreEvent
  readonly settle: (outcome: Promise<void>) => void
}

export interface EventsOptions {
  readonly questions: Pick<Questions, 'reload' | 'settled'>
  readonly tell: (input: Input, reported?: Reported) => void
  /** Called when the store has been set back to this revision, as from a backup. */
  readonly onSetBack: (revision: Revision) => void
}

/** The way of the store's events by the protocol to the table, and of all routes when they are read again. */
export class Events {
  readonly #options: EventsOptions
  /** Applies an event to the table and own Envoys; undefined until the table has been loaded. */
  #apply: Apply | undefined
  /** The revision of the last event. */
  #last: Revision = 0n
  /** How often the store was set back. Revisions of before come again. */
  #setBacks = 0
  /** The present reading of all routes, and the events that came meanwhile. */
  #loading: { readonly held: Reported[] } | undefined

  constructor(options: EventsOptions) {
    this.#options = options
  }

  /** The routes have been loaded as of this revision. */
  begin(apply: Apply, loaded: Revision): void {
    this.#apply = apply
    this.#last = loaded
  }

  /** The store reports an event. Resolves when own Envoys have it, or at once if it is too old to matter. */
  report(event: StoreEvent): Promise<void> {
    if (event.revision < this.#last) {
      this.#setBack(event.revision)
      return Promise.resolve()
    }
    this.#last = event.revision
    return new Promise((settle) => {
      const reported = { event, settle }
      if (this.#loading === undefined) this.#tell(reported)
      else this.#loading.held.push(reported)
    })
  }

  #tell(reported: Reported): void {
    this.#options.tell({ type: 'event', revision: reported.event.revision }, reported)
  }

  #setBack(revision: Revision): void {
    this.#last = revision
    this.#setBacks += 1
    this.#options.onSetBack(revision)
  }

  /** The protocol has decided that it is applied. */
  apply({ event, settle }: Reported): void {
    const { revision } = event
    const setBacks = this.#setBacks
    const outcome = this.#apply?.(event) ?? Promise.resolve()
    settle(outcome)
    const tell = async (input: Input) => {
      // A write of this member that was given up must not undo, later, one that it has confirmed.
      if (input.type === 'applied') await this.#options.questions.settled()
      if (setBacks === this.#setBacks) this.#options.tell(input)
    }
    outcome.then(
      () => tell({ type: 'applied', revision }),
      // An Envoy that refuses a route has answered for it.
      (error) => tell(error instanceof RouteNotAcknowledgedError ? { type: 'stuck' } : { type: 'applied', revision }),
    )
  }

  /** Reads all routes and applies them. Events that come meanwhile are told afterwards. */
  async load(): Promise<void> {
    // The table still takes in what was read first. When it has, the protocol finds that too old and asks again.
    if (this.#apply === undefined) return
    const loading = { held: this.#stopLoading() }
    this.#loading = loading
    const last = this.#last
    const all = await this.#options.questions.reload()
    if (all === undefined || this.#loading !== loading) return
    const { revision, routes, askedAt } = all
    if (revision < last) return this.#setBack(revision)
    // Refused routes are shown as such, and no Envoy that can go elsewhere is here.
    await this.#apply({ revision, routes }).catch(() => {})
    if (this.#loading !== loading) return
    this.#loading = undefined
    this.#options.tell({ type: 'loaded', revision, askedAt })
    for (const held of loading.held) this.#tell(held)
  }

  /** A reading that is under way has no effect any more. What held events tell is in what will be read next. */
  drop(): void {
    for (const { settle } of this.#stopLoading()) settle(Promise.resolve())
  }

  /** @returns the events that have not been told */
  #stopLoading(): Reported[] {
    const held = this.#loading?.held ?? []
    this.#loading = undefined
    return held
  }
}
