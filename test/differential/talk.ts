import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { ActivityWatch } from './activity-watch.js'
import type { ApiClient } from './api-client.js'
import { ByteReader, type Piece, sendPieces } from './bytes.js'
import type { ClientTls, ListenerName, Step } from './case.js'
import { openConnection } from './connection.js'
import { readBody, readHead, valuesOf } from './message.js'
import type { Heard } from './observation.js'
import { observed } from './observation.js'

/** What a talk needs to know of the proxy that it is with. */
export interface Partner {
  readonly api: ApiClient
  readonly certs: string
  addressOf(listener: ListenerName): number | string
  fill(text: string): string
  anonymous(text: string): string
  /** How many bytes the backends have of the body of the last request. */
  bodyBytes(): number
}

const LIMIT_MS = 10_000
/** Asked at the end to learn whether the connection is still of use. */
const PROBE = 'GET /_chp_healthz HTTP/1.1\r\nHost: probe\r\n\r\n'
const NOTHING = 'none'

/** The client of a case: does its steps one after another and keeps what it hears. */
export class Talk {
  readonly heard: Heard[] = []
  readonly #partner: Partner
  readonly #limitMs: number
  readonly #tooLate: Promise<unknown>
  readonly #sockets: Socket[] = []
  readonly #activity: ActivityWatch
  #socket: Socket | undefined
  #reader: ByteReader | undefined
  /** Whether the connection may carry a further request, as far as the client can know. */
  #open = false
  #saidClose = false
  #isOver = false

  /** @param tooLate settles when it is no use to wait any longer, whatever the step */
  constructor(partner: Partner, limitMs = LIMIT_MS, tooLate: Promise<unknown> = new Promise(() => {})) {
    this.#partner = partner
    this.#limitMs = limitMs
    this.#tooLate = tooLate
    this.#activity = new ActivityWatch(partner.api)
  }

  async run(steps: readonly Step[]): Promise<void> {
    const all: Step[] = [...(steps[0] && 'connect' in steps[0] ? [] : [{ connect: 'public' as const }]), ...steps]
    for (const [index, step] of all.entries()) {
      if (await this.#inTime(this.#do(step, index))) continue
      return this.#note(index, factOf(step), 'nothing')
    }
    if (this.#open && !(await this.#inTime(this.#probe(all.length)))) this.#note(all.length, 'connection', 'nothing')
  }

  async #inTime(work: Promise<void>): Promise<boolean> {
    const late = () => 'late'
    const limit = new AbortController()
    const timer = delay(this.#limitMs, 'late', { ref: false, signal: limit.signal }).catch(late)
    const winner = await Promise.race([work, timer, this.#tooLate.then(late)])
    limit.abort()
    return winner !== 'late'
  }

  close(): void {
    this.#isOver = true
    for (const socket of this.#sockets) socket.destroy()
  }

  #note(step: number, fact: string, value: string): void {
    this.heard.push({ step, fact, value: this.#partner.anonymous(value) })
  }

  async #do(step: Step, index: number): Promise<void> {
    if ('connect' in step) return this.#connect(index, step.connect, step.tls)
    if ('send' in step) return this.#send(step.send)
    if ('answer' in step) return this.#answer(index, step.answer)
    if ('receive' in step) return this.#receive(index, step.receive)
    if ('closed' in step) return this.#awaitEnd(index)
    if ('backendHas' in step) return this.#awaitBackend(step.backendHas)
    if ('remember' in step) return this.#activity.remember(step.remember)
    if ('settled' in step) return this.#activity.settled(step.settled)
    if ('advanced' in step) {
      return this.#note(index, 'advanced', `${step.advanced}: ${await this.#activity.hasAdvanced(step.advanced)}`)
    }
    this.#open = false
    if (step.leave === 'half') this.#socket?.end()
    else this.#socket?.destroy()
  }

  async #connect(index: number, listener: ListenerName, tls?: ClientTls): Promise<void> {
    this.#socket = undefined
    this.#reader = undefined
    this.#open = false
    this.#saidClose = false
    const { certs } = this.#partner
    const opened = await openConnection(this.#partner.addressOf(listener), tls, certs).catch(() => undefined)
    if (opened === undefined) return this.#note(index, 'connect', 'refused')
    this.#socket = opened.socket
    this.#sockets.push(opened.socket)
    this.#reader = new ByteReader(opened.socket)
    if (tls !== undefined) this.#note(index, 'tls', opened.tls)
  }

  async #send(pieces: readonly Piece[]): Promise<void> {
    if (this.#socket === undefined) return
    const filled = pieces.map((piece) => (typeof piece === 'string' ? withLength(this.#partner.fill(piece)) : piece))
    await sendPieces(this.#socket, filled)
  }

  async #answer(index: number, method: string): Promise<void> {
    this.#open = false
    const interim: string[] = []
    for (;;) {
      const message = this.#reader && (await readHead(this.#reader))
      if (message === undefined) return this.#note(index, 'answer', NOTHING)
      const status = Number(message.line.split(' ')[1])
      if (status >= 100 && status < 200 && status !== 101) {
        interim.push(message.line)
        continue
      }
      if (status === 101 || status === 204 || status === 304 || method === 'HEAD') message.complete = true
      else await readBody(this.#reader as ByteReader, message, true)
      const answer = observed(message, (text) => this.#partner.anonymous(text))
      this.heard.push({ step: index, interim: interim.join(), answer })
      this.#open = status !== 101 && message.complete
      // Said is as good as done: a server may take its time to close.
      if (this.#open && valuesOf(message.headers, 'connection').join().toLowerCase() === 'close') this.#saidClose = true
      return
    }
  }

  async #receive(index: number, count: number): Promise<void> {
    let received = ''
    await this.#reader?.copy(count, (chunk) => {
      received += chunk.toString('latin1')
    })
    this.#note(index, 'received', received)
  }

  async #awaitEnd(index: number): Promise<void> {
    this.#open = false
    let count = 0
    await this.#reader?.copy(Infinity, (chunk) => {
      count += chunk.length
    })
    this.#note(index, 'closed', `after ${count} bytes`)
  }

  async #awaitBackend(count: number): Promise<void> {
    while (!this.#isOver && this.#partner.bodyBytes() < count) await delay(2)
  }

  /** One more request says what no wait could: whether the connection is still open. */
  async #probe(index: number): Promise<void> {
    if (this.#socket === undefined || this.#reader === undefined) return
    if (this.#saidClose) return this.#note(index, 'connection', 'closed')
    await sendPieces(this.#socket, [PROBE])
    const message = await readHead(this.#reader)
    this.#note(index, 'connection', message === undefined ? 'closed' : `kept, ${message.line}`)
  }
}

/** What a step is called when nothing comes of it. */
function factOf(step: Step): string {
  if ('answer' in step) return 'answer'
  return 'receive' in step ? 'received' : (Object.keys(step)[0] ?? '')
}

/** Puts the length of what follows the head in the place of `{auto}`. */
function withLength(text: string): string {
  return text.replace('{auto}', String(text.length - text.indexOf('\r\n\r\n') - 4))
}
