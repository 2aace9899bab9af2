import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer } from 'node:net'

/** A backend that keeps all bytes it gets, and answers each head of a request among them with the same bytes. */
export class Recorder {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** What came, by connection, in Latin-1. */
  readonly connections: string[] = []

  private constructor(reply: string) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      const index = this.connections.push('') - 1
      socket.on('error', () => {})
      socket.setEncoding('latin1')
      socket.on('data', (chunk: string) => {
        const before = headsIn(this.connections[index] ?? '')
        this.connections[index] += chunk
        const news = headsIn(this.connections[index] ?? '') - before
        if (news > 0) socket.write(reply.repeat(news), 'latin1')
      })
    })
  }

  static async start(reply: string): Promise<Recorder> {
    const recorder = new Recorder(reply)
    recorder.#server.listen(0, '127.0.0.1')
    await once(recorder.#server, 'listening')
    return recorder
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

function headsIn(text: string): number {
  return text.split('\r\n\r\n').length - 1
}
