import type { Random } from '../load/random.js'
import type { Browser } from './browser.js'
import { PATIENCE_MS } from './browser.js'
import type { Language } from './websocket.js'
import { KernelWebsocket } from './websocket.js'

/** JupyterLab waits up to a second before it connects again, then up to twice as long each time, to this. */
const LONGEST_PAUSE_MS = 32_000

export interface LinkEvents {
  /** A handshake has ended. @param failure why it failed; undefined if it is open @param wantedAt by `performance.now()` */
  onHandshake(failure: string | undefined, wantedAt: number): void
  onOpen(): void
  onAnswer(ms: number): void
  onBroken(why: string, unanswered: number): void
}

/** Keeps a websocket to a kernel open: connects again when it breaks, as JupyterLab does. */
export class KernelLink {
  readonly #browser: Browser
  readonly #text: string
  readonly #language: Language
  readonly #events: LinkEvents
  readonly #random: Random
  #websocket: KernelWebsocket | undefined
  #timer: NodeJS.Timeout | undefined
  #attempts = 0
  #isClosed = false

  /** @param text the request for the websocket */
  constructor(browser: Browser, text: string, language: Language, events: LinkEvents, random: Random) {
    this.#browser = browser
    this.#text = text
    this.#language = language
    this.#events = events
    this.#random = random
  }

  async connect(): Promise<void> {
    const wantedAt = performance.now()
    const opened = await KernelWebsocket.open(this.#browser, this.#text, this.#language, {
      onAnswer: (ms) => this.#events.onAnswer(ms),
      onBroken: (why, unanswered) => {
        this.#websocket = undefined
        this.#events.onBroken(why, unanswered)
        this.#again()
      },
    })
    if (this.#isClosed) {
      opened.websocket?.close(true)
      return
    }
    const { status, failure } = opened.outcome
    this.#websocket = opened.websocket
    this.#events.onHandshake(opened.websocket ? undefined : (failure ?? `status ${status}`), wantedAt)
    if (opened.websocket === undefined) this.#again()
    else {
      this.#attempts = 0
      this.#events.onOpen()
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
    clearTimeout(this.#timer)
    this.#websocket?.close(abruptly)
    this.#websocket = undefined
  }

  #again(): void {
    if (this.#isClosed) return
    const pause = this.#random() * Math.min(1_000 * 2 ** this.#attempts, LONGEST_PAUSE_MS)
    this.#attempts += 1
    this.#timer = setTimeout(() => void this.connect(), pause)
  }
}
