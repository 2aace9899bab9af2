import type { IncomingMessage, RequestListener, Server } from 'node:http'
import { createServer } from 'node:http'
import type { ServerOptions } from 'node:https'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'

/** What a backend answers: who it is and what it was asked. */
export interface Echo {
  readonly name: string
  readonly method: string
  readonly url: string
  readonly rawHeaders: readonly string[]
}

/** A user's server: answers every request with an {@link Echo} and every websocket message with itself. */
export class Backend {
  readonly #server: Server
  readonly #scheme: 'http' | 'https'
  readonly #sockets: WebSocketServer

  private constructor(name: string, listener?: RequestListener, tls?: ServerOptions) {
    const answer: RequestListener =
      listener ?? ((request, response) => response.end(JSON.stringify(echo(name, request))))
    this.#server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer)
    this.#scheme = tls === undefined ? 'http' : 'https'
    this.#sockets = new WebSocketServer({ server: this.#server })
    this.#sockets.on('connection', (socket) => {
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
    })
  }

  /** @param listener what to do with requests instead of echoing them */
  static async start(
    name: string,
    listener?: RequestListener,
    at: number | string = 0,
    tls?: ServerOptions,
  ): Promise<Backend> {
    const backend = new Backend(name, listener, tls)
    await new Promise<void>((resolve) => {
      if (typeof at === 'string') backend.#server.listen(at, resolve)
      else backend.#server.listen(at, '127.0.0.1', resolve)
    })
    return backend
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

function echo(name: string, request: IncomingMessage): Echo {
  return { name, method: request.method ?? '', url: request.url ?? '', rawHeaders: request.rawHeaders }
}
