import type { Server, Socket } from 'node:net'
import type { Logger } from './log.js'
import { SparseLog } from './sparse-log.js'

/** How long a client may take to authenticate, and how often that is checked, in milliseconds. */
const STRANGER_MS = 12_000
const CHECK_MS = 1_000

export interface ConnectionsOptions {
  /** The server, to begin a sentence with: `The REST API`. */
  readonly server: string
  /** The most connections open at once. */
  readonly most: number
  readonly log: Logger
}

/**
 * The connections of a server, limited so that strangers can't keep out clients with a token. A client is a stranger
 * until it has authenticated, and has some seconds for that. When all places are taken, a new connection takes the
 * place of the oldest stranger: a client with a token sends it with its first bytes, long before it could become the
 * oldest. A client that has authenticated never loses its place.
 */
export class Connections {
  readonly #most: number
  /** All open connections. */
  readonly #open = new Set<Socket>()
  /** When each stranger came, the oldest first. */
  readonly #strangers = new Map<Socket, number>()
  readonly #closed: SparseLog
  readonly #server: string
  readonly #timer: NodeJS.Timeout

  constructor(server: Server, { server: name, most, log }: ConnectionsOptions) {
    this.#server = name
    this.#most = most
    this.#closed = new SparseLog((line) => log.warn(line))
    // Before the server reads from it.
    server.prependListener('connection', (socket: Socket) => this.#add(socket))
    this.#timer = setInterval(() => this.#sendAwayWhoIsLate(), CHECK_MS).unref()
    server.once('close', () => clearInterval(this.#timer))
  }

  /** How many are open. */
  get open(): number {
    return this.#open.size
  }

  /** How many may be. */
  get most(): number {
    return this.#most
  }

  /** The client of this connection has authenticated. */
  prove(socket: Socket): void {
    this.#strangers.delete(socket)
  }

  #add(socket: Socket): void {
    if (this.#open.size >= this.#most) this.#makeWay(socket)
    if (socket.destroyed) return
    this.#open.add(socket)
    this.#strangers.set(socket, performance.now())
    socket.once('close', () => this.#remove(socket))
  }

  /** Closes the oldest stranger, or the new connection if there is none. */
  #makeWay(newest: Socket): void {
    const [eldest = newest] = this.#strangers.keys()
    this.#remove(eldest)
    eldest.destroy()
    this.#closed.add(
      `${this.#server} has ${this.#most} connections: one was closed that had shown no right to be there`,
    )
  }

  #sendAwayWhoIsLate(): void {
    const late = performance.now() - STRANGER_MS
    for (const [socket, since] of this.#strangers) {
      if (since > late) return
      socket.destroy()
      this.#remove(socket)
    }
  }

  #remove(socket: Socket): void {
    this.#open.delete(socket)
    this.#strangers.delete(socket)
  }
}
