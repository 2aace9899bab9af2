import type { ConnectionOwner, Exchange, Outcome, Traffic } from '../wire/connection.js'
import { Connection } from '../wire/connection.js'
import type { Origin } from '../wire/socket.js'

/** Browsers open as many to one server with HTTP/1.1. */
const CONNECTIONS = 6

/** After that time without a request Firefox closes a connection. */
const IDLE_MS = 115_000

export interface FetchOptions {
  readonly body?: Buffer
  readonly keepsBody?: boolean
  readonly timeoutMs?: number
}

/** A user gives up on what takes longer. */
export const PATIENCE_MS = 30_000

/**
 * One user's browser: up to six connections, on which requests wait for their turn, and websockets beside these. A request
 * over a kept connection that is closed before anything has come is sent once more, as browsers do.
 */
export class Browser implements ConnectionOwner {
  readonly traffic: Traffic
  readonly #origin: Origin
  readonly #from: string | undefined
  readonly #all = new Set<Connection>()
  readonly #idle: Connection[] = []
  readonly #waiting: Exchange[] = []
  #isClosed = false

  /** @param from the address of this machine that its connections come from; undefined: whichever the system takes */
  constructor(origin: Origin, from: string | undefined, traffic: Traffic) {
    this.#origin = origin
    this.#from = from
    this.traffic = traffic
  }

  /** @param text the request with its headers and the empty line. It never rejects. */
  fetch(text: string, { body, keepsBody = false, timeoutMs = PATIENCE_MS }: FetchOptions = {}): Promise<Outcome> {
    return new Promise((done) => {
      const deadline = performance.now() + timeoutMs
      this.#send({ text, body, keepsBody, deadline, isRepeated: false, done })
    })
  }

  /** Asks for a websocket. @returns its connection, if the status is 101 */
  async upgrade(text: string): Promise<{ outcome: Outcome; connection: Connection }> {
    const aside = { traffic: this.traffic, onIdle: (idle: Connection) => idle.close(), onGone: () => {} }
    const connection = new Connection(this.#origin, this.#from, aside)
    const outcome = await new Promise<Outcome>((done) => {
      const deadline = performance.now() + PATIENCE_MS
      connection.send({ text, body: undefined, keepsBody: false, deadline, isRepeated: true, done })
      setTimeout(() => connection.check(performance.now()), PATIENCE_MS + 100).unref()
    })
    return { outcome, connection }
  }

  /** Ends what has waited too long, and connections that nobody has used for long. */
  sweep(now: number): void {
    for (const connection of this.#all) connection.check(now)
    // The first has been idle for the longest.
    for (let first = this.#idle[0]; first !== undefined && now - first.idleSince > IDLE_MS; first = this.#idle[0]) {
      first.close()
    }
    for (let first = this.#waiting[0]; first !== undefined && now > first.deadline; first = this.#waiting[0]) {
      this.#waiting.shift()
      first.done({ status: 0, head: '', body: '', failure: 'timeout' })
    }
  }

  /** Closes all connections; what is waited for fails, and so does what is asked later. */
  close(abruptly: boolean): void {
    this.#isClosed = true
    for (const connection of [...this.#all]) connection.close(abruptly)
    for (const { done } of this.#waiting.splice(0)) done(CLOSED)
  }

  onIdle(connection: Connection): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#idle.push(connection)
    else connection.send(next)
  }

  onGone(connection: Connection, unsent: Exchange | undefined): void {
    this.#all.delete(connection)
    const at = this.#idle.indexOf(connection)
    if (at >= 0) this.#idle.splice(at, 1)
    if (unsent !== undefined && this.#isClosed) unsent.done(CLOSED)
    else if (unsent !== undefined) {
      unsent.isRepeated = true
      this.#open().send(unsent)
    } else if (!this.#isClosed) this.#next()
  }

  /** The place of a connection that is gone is free for what waits. */
  #next(): void {
    const next = this.#all.size < CONNECTIONS ? this.#waiting.shift() : undefined
    if (next !== undefined) this.#open().send(next)
  }

  #send(exchange: Exchange): void {
    const idle = this.#idle.pop()
    if (this.#isClosed) exchange.done(CLOSED)
    else if (idle !== undefined) idle.send(exchange)
    else if (this.#all.size < CONNECTIONS) this.#open().send(exchange)
    else this.#waiting.push(exchange)
  }

  #open(): Connection {
    const connection = new Connection(this.#origin, this.#from, this)
    this.#all.add(connection)
    return connection
  }
}

/** Of what was asked by a user who is gone. */
const CLOSED: Outcome = { status: 0, head: '', body: '', failure: 'closed' }
