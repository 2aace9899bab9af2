import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { fieldOf, HttpReader } from './http-reader.js'

/** A request that has come completely. */
export interface RawRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly head: string
}

/** Writes a whole response, with its head. */
export type Reply = (response: Buffer | string) => void

export interface RawHandler {
  answer(request: RawRequest, reply: Reply): void
  /** Takes the connection over; it has answered with 101, or ended it. @returns what reads what comes then */
  upgrade(request: RawRequest, socket: Socket): (part: Buffer) => void
}

/** How many connections wait to be accepted: all users may come at once. */
const BACKLOG = 4_096

/**
 * An HTTP/1.1 server of one port of the loopback address, as little as a rehearsal needs. It keeps its port when it is closed
 * and opened again.
 */
export class RawServer {
  readonly #handler: RawHandler
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #port = 0

  constructor(handler: RawHandler) {
    this.#handler = handler
  }

  get port(): number {
    return this.#port
  }

  get isOpen(): boolean {
    return this.#server !== undefined
  }

  /** @throws Error if it can't listen */
  async open(): Promise<void> {
    if (this.#server !== undefined) return
    const server = createServer({ noDelay: true }, (socket) => this.#onConnection(socket))
    this.#server = server
    server.listen({ host: '127.0.0.1', port: this.#port, backlog: BACKLOG })
    try {
      await once(server, 'listening')
    } catch (error) {
      this.#server = undefined
      throw error
    }
    this.#port = (server.address() as AddressInfo).port
  }

  /** Its port refuses from now on, and its connections are cut. */
  close(): void {
    this.#server?.close()
    this.#server = undefined
    for (const socket of this.#sockets) socket.destroy()
  }

  #onConnection(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    // Its end is all that matters.
    socket.on('error', () => {})
    const reply: Reply = (response) =>
      void (typeof response === 'string' ? socket.write(response, 'latin1') : socket.write(response))
    let request: RawRequest | undefined
    let onRaw: ((part: Buffer) => void) | undefined
    const reader = new HttpReader('request', {
      onHead: (head) => {
        request = requestOf(head)
        if (fieldOf(head, 'upgrade')?.toLowerCase() !== 'websocket') return false
        onRaw = this.#handler.upgrade(request, socket)
        return true
      },
      onBody: () => {},
      onEnd: () => request && this.#handler.answer(request, reply),
      onRaw: (part) => onRaw?.(part),
    })
    socket.on('data', (part) => {
      try {
        reader.push(part)
      } catch {
        socket.destroy()
      }
    })
  }
}

function requestOf(head: string): RawRequest {
  const afterMethod = head.indexOf(' ')
  const afterPath = head.indexOf(' ', afterMethod + 1)
  return { method: head.slice(0, afterMethod), path: head.slice(afterMethod + 1, afterPath), head }
}
