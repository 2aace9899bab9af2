import type { Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { WebSocketServer } from 'ws'

const TALK_MS = 100

/**
 * A user's server that answers with the status it is asked for (`?status=404`). Its websockets send back what they get;
 * those at `/talkative` talk of their own accord, those at `/refused` are answered 403.
 */
export class ObedientServer {
  readonly #server: Server
  readonly #sockets = new WebSocketServer({ noServer: true })
  readonly #connections = new Set<Socket>()

  private constructor() {
    this.#server = createServer((incoming, response) => {
      response.statusCode = Number(/status=(\d+)/.exec(incoming.url ?? '')?.[1] ?? 200)
      incoming.resume().on('end', () => response.end())
    })
    this.#server.on('connection', (connection: Socket) => {
      this.#connections.add(connection)
      connection.on('close', () => this.#connections.delete(connection))
    })
    this.#server.on('upgrade', (incoming, stream, head) => {
      if (incoming.url?.endsWith('/refused')) return stream.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
      this.#sockets.handleUpgrade(incoming, stream, head, (socket) => {
        socket.on('message', (data) => socket.send(data))
        if (!incoming.url?.endsWith('/talkative')) return
        const talk = setInterval(() => socket.send('news'), TALK_MS)
        socket.on('close', () => clearInterval(talk))
      })
    })
  }

  static async start(): Promise<ObedientServer> {
    const server = new ObedientServer()
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const connection of this.#connections) connection.destroy()
    await closed
  }
}
