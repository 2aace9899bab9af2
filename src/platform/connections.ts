import type { Server, Socket } from 'node:net'
import type { Logger } from './log.js'
import { SparseLog } from './sparse-log.js'

/** How long a connection may be there before its client has shown who it is, in milliseconds, and how often it is looked. */
const STRANGER_MS = 12_000
const CHECK_MS = 1_000

export interface ConnectionsOptions {
  /** Whose they are, as a sentence begins: `The REST API`. */
  readonly server: string
  /** As many may be open at once. */
  readonly most: number
  readonly log: Logger
}

/**
 * The connections of a server, so that those who may use it get in however many others are there. A client is a stranger
 * until it has shown that it may, and has some seconds for that. When all places are taken, the stranger who has been
 * there longest makes way: who may use the server shows it with its first bytes, long before all others have come and
 * gone. One who has shown it is never sent away.
 */
export class Connections {
  readonly #most: number
  /** All that are open. */
  readonly #open = new Set<Socket>()
  /** When those came who have not shown who they are, the first of them first. */
  readonly #strangers = new Map<Socket, number>()
  readonly #closed: SparseLog
  readonly #server: string
  readonly #timer: NodeJS.Timeout

  constructor(server: Server, { server: name, most, log }: ConnectionsOptions) {
    this.#server = name
    this.#most = most
    this.#closed = new SparseLog((line) => log.warn(line))
    // Before the server makes use of it.
    server.prependListener('connection', (socket: Socket) => this.#add(socket))
    this.#timer = setInterval(() => this.#sendAwayWhoIsLate(), CHECK_MS).unref()
    server.once('close', () => clearInterval(this.#timer))
  }

  /** The client at the other end of this one has shown that it may use the server. */
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

  /** The new one goes itself if there is no other stranger. */
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
