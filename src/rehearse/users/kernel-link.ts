import { AWAY_STATUSES, CONNECTS, KERNEL_PAUSE_S, longestPauseMs } from '../jupyterlab.js'
import type { Browser } from './browser.js'
import { PATIENCE_MS } from './browser.js'
import type { Answer } from './site.js'
import type { Language } from './websocket.js'
import { KernelWebsocket } from './websocket.js'

/** How a browser asks for a websocket. */
export type Upgrades = Pick<Browser, 'upgrade'>

/** What is around a link to a kernel. */
export interface LinkWorld {
  /** Does some work later, unless the visit is over by then. */
  after(ms: number, work: () => void): void
  /** From 0 to 1. */
  random(): number
  /** A handshake has ended. @param failure why it failed; undefined if it is open @param wantedAt by `performance.now()` */
  onHandshake(failure: string | undefined, wantedAt: number): void
  onOpen(): void
  onAnswer(ms: number): void
  onBroken(why: string, unanswered: number): void
  /** Asks the server for the kernel. */
  lookForKernel(): Promise<Answer>
  /** JupyterLab tries no more: its user has to reload the page. */
  onGivenUp(): void
}

/** Keeps a websocket to a kernel open: connects again when it breaks, as JupyterLab does. */
export class KernelLink {
  readonly #browser: Upgrades
  readonly #text: string
  readonly #language: Language
  readonly #world: LinkWorld
  #websocket: KernelWebsocket | undefined
  #attempts = 0
  #isClosed = false

  /** @param text the request for the websocket */
  constructor(browser: Upgrades, text: string, language: Language, world: LinkWorld) {
    this.#browser = browser
    this.#text = text
    this.#language = language
    this.#world = world
  }

  async connect(): Promise<void> {
    const wantedAt = performance.now()
    const opened = await KernelWebsocket.open(this.#browser, this.#text, this.#language, {
      onAnswer: (ms) => this.#world.onAnswer(ms),
      onBroken: (why, unanswered) => {
        this.#websocket = undefined
        this.#world.onBroken(why, unanswered)
        this.#again()
      },
    })
    if (this.#isClosed) {
      opened.websocket?.close(true)
      return
    }
    const { status, failure } = opened.outcome
    this.#websocket = opened.websocket
    this.#world.onHandshake(opened.websocket ? undefined : (failure ?? `status ${status}`), wantedAt)
    if (opened.websocket === undefined) void this.#look()
    else {
      this.#attempts = 0
      this.#world.onOpen()
    }
  }

  /** Sends a request to the kernel, if there is a websocket to send it over. @param wantedAt by `performance.now()` */
  send(wantedAt: number): void {
    this.#websocket?.send(wantedAt)
  }

  /** How many requests have waited too long. */
  takeOverdue(now: number): number {
    return this.#websocket?.takeOverdue(now - PATIENCE_MS) ?? 0
  }

  close(abruptly: boolean): void {
    this.#isClosed = true
    this.#websocket?.close(abruptly)
    this.#websocket = undefined
  }

  #again(): void {
    if (this.#attempts === CONNECTS) {
      this.#giveUp()
      return
    }
    this.#after(this.#world.random() * longestPauseMs(this.#attempts), () => this.connect())
    this.#attempts += 1
  }

  /** Whether the kernel is there is asked before it is connected to again. */
  async #look(): Promise<void> {
    const { isGood, status } = await this.#world.lookForKernel()
    if (isGood) this.#again()
    else if (status === 0 || AWAY_STATUSES.includes(status)) {
      const { least, most } = KERNEL_PAUSE_S
      this.#after(1_000 * (least + this.#world.random() * (most - least)), () => this.#look())
    } else this.#giveUp()
  }

  #giveUp(): void {
    if (!this.#isClosed) this.#world.onGivenUp()
  }

  #after(ms: number, work: () => Promise<void>): void {
    this.#world.after(ms, () => void (this.#isClosed || work()))
  }
}
