import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { FailureKind } from '../record.js'
import { fieldOf, HttpReader } from './http-reader.js'
import type { Origin } from './socket.js'
import { openSocket } from './socket.js'

/** What became of a request. */
export interface Outcome {
  /** 0 if there was no response. */
  readonly status: number
  readonly head: string
  /** The body, if it was asked for; else ''. */
  readonly body: string
  /** Why there was no complete response; undefined if there was. */
  readonly failure: FailureKind | undefined
}

/** A request as it is sent, and who waits for it. */
export interface Exchange {
  readonly text: string
  readonly body: Buffer | undefined
  readonly keepsBody: boolean
  /** It fails then, by `performance.now()`. */
  readonly deadline: number
  /** It was sent before, over a connection that turned out to be closed. */
  isRepeated: boolean
  done(outcome: Outcome): void
}

/** Bytes of all connections, and how many of these there are. */
export interface Traffic {
  open: number
  received: number
  sent: number
}

/** What its owner is told. */
export interface ConnectionOwner {
  readonly traffic: Traffic
  /** It can take the next request. */
  onIdle(connection: Connection): void
  /** It is gone. @param unsent a request that can be sent over another: the connection ended before anything came */
  onGone(connection: Connection, unsent: Exchange | undefined): void
}

/** One connection to the proxy, with one request at a time, as browsers do it with HTTP/1.1. */
export class Connection {
  readonly #owner: ConnectionOwner
  readonly #socket: Socket
  readonly #reader: HttpReader
  #exchange: Exchange | undefined
  #served = 0
  #head = ''
  #hasBytes = false
  #parts: Buffer[] = []
  #error: string | undefined
  #isGone = false
  /** Since when nothing was asked, by `performance.now()`. */
  idleSince = 0
  /** Set once it is a websocket: what comes over it, and its end. */
  onRaw: ((part: Buffer) => void) | undefined
  onClosed: ((why: string) => void) | undefined

  /** @param from the address of this machine that it comes from, where there is a choice */
  constructor(origin: Origin, from: string | undefined, owner: ConnectionOwner) {
    this.#owner = owner
    this.#reader = new HttpReader('response', {
      onHead: (head) => this.#onHead(head),
      onBody: (part) => this.#onBody(part),
      onEnd: () => this.#onEnd(),
      onRaw: (part) => this.onRaw?.(part),
    })
    this.#socket = openSocket(origin, from, (part) => this.#onData(part))
    owner.traffic.open += 1
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#error = error.code ?? error.message
    })
    this.#socket.on('close', () => this.#onClose())
  }

  send(exchange: Exchange): void {
    this.#exchange = exchange
    this.#hasBytes = false
    this.#head = ''
    const { text, body } = exchange
    if (body === undefined) this.#socket.write(text, 'latin1')
    else {
      this.#socket.cork()
      this.#socket.write(text, 'latin1')
      this.#socket.write(body)
      this.#socket.uncork()
    }
    this.#owner.traffic.sent += text.length + (body?.length ?? 0)
  }

  /** Sends what belongs to no request, such as a websocket's frame. */
  write(bytes: Buffer): void {
    this.#owner.traffic.sent += bytes.length
    this.#socket.write(bytes)
  }

  /** Ends it; what waits fails. @param abruptly with a reset, as when a machine forgets it */
  close(abruptly = false, why = 'closed'): void {
    this.#error ??= why
    if (abruptly && !(this.#socket instanceof TLSSocket)) this.#socket.resetAndDestroy()
    else this.#socket.destroy()
    this.#onClose()
  }

  /** Ends it if its request has waited too long. */
  check(now: number): void {
    if (this.#exchange !== undefined && now > this.#exchange.deadline) this.close(false, 'timeout')
  }

  #onData(part: Buffer): void {
    this.#owner.traffic.received += part.length
    this.#hasBytes = true
    try {
      this.#reader.push(part)
    } catch {
      this.close(false, 'not HTTP')
    }
  }

  #onHead(head: string): boolean {
    this.#head = head
    if (statusOf(head) !== 101) return false
    this.#finish({ status: 101, head, body: '', failure: undefined })
    return true
  }

  #onBody(part: Buffer): void {
    if (this.#exchange?.keepsBody) this.#parts.push(Buffer.from(part))
  }

  #onEnd(): void {
    const head = this.#head
    this.#finish({ status: statusOf(head), head, body: this.#body(), failure: undefined })
    if (this.#isGone) return
    if (/\r\nconnection: *close/i.test(head)) this.close()
    else {
      this.idleSince = performance.now()
      this.#owner.onIdle(this)
    }
  }

  #body(): string {
    if (this.#parts.length === 0) return ''
    return Buffer.concat(this.#parts.splice(0)).toString()
  }

  #finish(outcome: Outcome): void {
    const exchange = this.#exchange
    this.#exchange = undefined
    this.#served += 1
    exchange?.done(outcome)
  }

  #onClose(): void {
    if (this.#isGone) return
    this.#isGone = true
    // That may be the end of a response.
    if (this.#exchange !== undefined && this.#error === undefined) this.#reader.close()
    this.#owner.traffic.open -= 1
    const exchange = this.#exchange
    this.#exchange = undefined
    // A server may close a connection that was idle while a request is on its way: browsers send it again.
    const isUnsent = this.#served > 0 && !this.#hasBytes && !exchange?.isRepeated && this.#error !== 'timeout'
    this.#owner.onGone(this, isUnsent ? exchange : undefined)
    if (!isUnsent) exchange?.done({ status: 0, head: '', body: '', failure: this.#failure() })
    this.onClosed?.(this.#failure())
  }

  #failure(): FailureKind {
    if (this.#error === 'ECONNREFUSED') return 'refused'
    if (this.#error === 'ETIMEDOUT') return 'timeout'
    const isEnd = this.#error === undefined || this.#error === 'ECONNRESET' || this.#error === 'EPIPE'
    if (isEnd) return this.#hasBytes ? 'cut off' : 'reset'
    return this.#error ?? ''
  }
}

function statusOf(head: string): number {
  return Number(head.slice(9, 12))
}

/** The value of a response's header. */
export function headerOf(outcome: Outcome, name: string): string | undefined {
  return fieldOf(outcome.head, name)
}
