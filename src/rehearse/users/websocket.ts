import type { Connection, Outcome } from '../wire/connection.js'
import { FrameReader, frame, OPCODE } from '../wire/frames.js'
import type { Browser } from './browser.js'

/** How a kernel is spoken with. */
export interface Language {
  readonly request: Buffer
  /** Whether a frame completes the answer to the oldest request that waits. */
  isAnswer(opcode: number, payload: Buffer): boolean
  /** Whether `isAnswer` looks at payloads. */
  readonly looksInside: boolean
}

export interface WebsocketEvents {
  /** @param ms since it was sent */
  onAnswer(ms: number): void
  /** It ended and nobody here wanted that. @param unanswered requests that were sent over it */
  onBroken(why: string, unanswered: number): void
}

/** A user's websocket to a kernel, once it is open. */
export class KernelWebsocket {
  readonly #connection: Connection
  readonly #language: Language
  readonly #frame: Buffer
  /** When the requests were wanted that have no answer yet. */
  readonly #waiting: number[] = []
  #isWanted = true

  private constructor(connection: Connection, language: Language, events: WebsocketEvents) {
    this.#connection = connection
    this.#language = language
    this.#frame = frame('client', OPCODE.text, language.request)
    const reader = new FrameReader((opcode, payload) => this.#onFrame(opcode, payload, events), language.looksInside)
    connection.onRaw = (part) => reader.push(part)
    connection.onClosed = (why) => {
      const wasWanted = this.#isWanted
      this.#isWanted = false
      if (wasWanted) events.onBroken(why, this.#waiting.length)
    }
  }

  /** @returns the outcome of the handshake, with the websocket if it is open */
  static async open(
    browser: Pick<Browser, 'upgrade'>,
    text: string,
    language: Language,
    events: WebsocketEvents,
  ): Promise<{ outcome: Outcome; websocket: KernelWebsocket | undefined }> {
    const { outcome, connection } = await browser.upgrade(text)
    if (outcome.status === 101) return { outcome, websocket: new KernelWebsocket(connection, language, events) }
    connection.close()
    return { outcome, websocket: undefined }
  }

  /** Sends a request to the kernel. @param wantedAt by `performance.now()` */
  send(wantedAt: number): void {
    this.#waiting.push(wantedAt)
    this.#connection.write(this.#frame)
  }

  /** How many requests were wanted before this moment, and have no answer. They count no more. */
  takeOverdue(before: number): number {
    const count = this.#waiting.filter((wantedAt) => wantedAt < before).length
    this.#waiting.splice(0, count)
    return count
  }

  close(abruptly: boolean): void {
    this.#isWanted = false
    if (!abruptly) this.#connection.write(GOODBYE)
    this.#connection.close(abruptly)
  }

  #onFrame(opcode: number, payload: Buffer, events: WebsocketEvents): void {
    if (opcode === OPCODE.ping) this.#connection.write(frame('client', OPCODE.pong, payload))
    else if (opcode === OPCODE.close) this.#connection.close()
    else if (this.#waiting.length > 0 && this.#language.isAnswer(opcode, payload)) {
      events.onAnswer(performance.now() - (this.#waiting.shift() ?? 0))
    }
  }
}

/** Status 1001: going away. */
const GOODBYE = frame('client', OPCODE.close, Buffer.from([0x03, 0xe9]))
