import { rm } from 'node:fs/promises'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import type { TLSSocket, TlsOptions } from 'node:tls'
import { createServer as createTlsServer } from 'node:tls'
import { ByteReader, sendPieces } from './bytes.js'
import type { Behaviour, Reaction } from './case.js'
import type { Message } from './message.js'
import { readBody, readHead } from './message.js'

/** A request as a backend received it. */
export interface Seen extends Message {
  /** Which backend. */
  readonly by: string
  /** The common name of the certificate that came with it. */
  readonly certificate: string | undefined
  /** Bytes after an upgrade. */
  tunnelled: number
  /** Whether nothing more of it can come. */
  settled: boolean
}

const PLAIN_ANSWER: Reaction = {
  send: ['HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok'],
}

/** A server that records what it receives byte by byte and answers as it is told. */
export class Backend {
  behaviour: Behaviour = {}
  seen: Seen[] = []
  readonly #name: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(name: string, tls?: TlsOptions) {
    this.#name = name
    const serve = (socket: Socket) => void this.#serve(socket)
    this.#server = tls === undefined ? createServer({ allowHalfOpen: true }, serve) : createTlsServer(tls, serve)
  }

  /** @param at a port, 0 for a free one, or the path of a unix socket */
  static async start(name: string, at: number | string, tls?: TlsOptions): Promise<Backend> {
    const backend = new Backend(name, tls)
    await new Promise<void>((resolve, reject) => {
      backend.#server.once('error', reject)
      if (typeof at === 'string') backend.#server.listen(at, resolve)
      else backend.#server.listen(at, '127.0.0.1', resolve)
    })
    return backend
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    const at = this.#server.address()
    await new Promise((resolve) => this.#server.close(resolve))
    if (typeof at === 'string') await rm(at, { force: true })
  }

  async #serve(socket: Socket): Promise<void> {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    const reader = new ByteReader(socket)
    for (let open = true; open; ) {
      const head = await readHead(reader)
      if (head === undefined) break
      open = await this.#handle(socket, reader, head)
    }
    socket.end()
  }

  async #handle(socket: Socket, reader: ByteReader, head: Message): Promise<boolean> {
    const path = head.line.split(' ')[1] ?? ''
    const { onHead, onEnd = PLAIN_ANSWER } = this.behaviour.byPath?.[path] ?? this.behaviour
    const certificate = (socket as Partial<TLSSocket>).getPeerCertificate?.().subject?.CN
    const request: Seen = Object.assign(head, {
      by: this.#name,
      certificate: certificate === undefined ? undefined : String(certificate),
      tunnelled: 0,
      settled: false,
    })
    this.seen.push(request)
    try {
      if (onHead !== undefined && !(await this.#react(socket, reader, request, onHead))) return false
      await readBody(reader, request, false)
      if (!request.complete) return false
      return await this.#react(socket, reader, request, onEnd)
    } finally {
      request.settled = true
    }
  }

  /** Whether the connection is of further use. */
  async #react(socket: Socket, reader: ByteReader, request: Seen, reaction: Reaction): Promise<boolean> {
    await sendPieces(socket, reaction.send ?? [])
    if (reaction.after === 'reset') socket.resetAndDestroy()
    if (reaction.after === 'close') socket.end()
    if (reaction.after === 'echo') {
      await reader.copy(Infinity, (chunk) => {
        request.tunnelled += chunk.length
        if (socket.writable) socket.write(chunk)
      })
    }
    return reaction.after === undefined
  }
}
