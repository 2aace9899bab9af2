import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { connect, createServer } from 'node:net'

/** Sends these bytes (Latin-1) on a connection of its own and returns what comes until that is closed. */
export async function exchange(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.setEncoding('latin1')
  let received = ''
  socket.on('data', (chunk) => {
    received += chunk
  })
  // Who refuses what is still being sent resets the connection after its answer.
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.on('close', resolve))
  socket.write(bytes, 'latin1')
  await closed
  return received
}

/** A request's head as it came. */
export interface Head {
  readonly method: string
  readonly path: string
  /** Names in lower case; what came in several lines is in one list. */
  readonly headers: Readonly<Record<string, readonly string[]>>
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

/** A backend that takes no part in HTTP: it keeps each request's head, answers with the bytes it was given, and closes. */
export class RawBackend {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #heads: Head[] = []
  /** What is answered, in Latin-1; '' for nothing at all. */
  reply = OK

  private constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      let received = ''
      socket.on('error', () => {})
      socket.on('data', (chunk) => {
        // As any server: what comes on a connection that it has ended is no request. The proxy sends it again on another.
        if (socket.writableEnded) return
        received += chunk.toString('latin1')
        if (!received.includes('\r\n\r\n')) return
        this.#heads.push(parseHead(received))
        if (this.reply !== '') socket.end(this.reply, 'latin1')
      })
    })
  }

  static async start(): Promise<RawBackend> {
    const backend = new RawBackend()
    backend.#server.listen(0, '127.0.0.1')
    await once(backend.#server, 'listening')
    return backend
  }

  /** Host and port. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get url(): string {
    return `http://${this.host}`
  }

  /** The one request that has come since this was last asked. */
  taken(): Head {
    const [head, ...more] = this.#heads.splice(0)
    if (head === undefined || more.length > 0) throw new Error(`${more.length + (head ? 1 : 0)} requests came, not one`)
    return head
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

function parseHead(received: string): Head {
  const [line = '', ...lines] = received.slice(0, received.indexOf('\r\n\r\n')).split('\r\n')
  const [method = '', path = ''] = line.split(' ')
  const headers: Record<string, string[]> = {}
  for (const header of lines) {
    const colon = header.indexOf(':')
    const name = header.slice(0, colon).toLowerCase()
    headers[name] = [...(headers[name] ?? []), header.slice(colon + 1).trim()]
  }
  return { method, path, headers }
}
