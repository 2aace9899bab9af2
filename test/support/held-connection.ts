import { once } from 'node:events'
import type { Server, Socket } from 'node:net'
import { connect, createServer } from 'node:net'

/**
 * A way to a server that can hold back what clients send. What was held can be delivered later, without what came after
 * it: as if the server had got it, but had not gone on until then.
 */
export class HeldConnection {
  readonly url: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #held: { readonly from: Socket; readonly to: Socket; readonly bytes: Buffer[] } | undefined
  #isHolding = false
  /** How many bytes the server has answered. */
  answered = 0

  private constructor(server: Server, port: number) {
    this.#server = server
    this.url = `http://127.0.0.1:${port}`
  }

  static async to(t: { teardown(fn: () => unknown): unknown }, url: string): Promise<HeldConnection> {
    const server = createServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const way = new HeldConnection(server, (server.address() as { port: number }).port)
    server.on('connection', (client) => way.#join(client, Number(new URL(url).port)))
    t.teardown(() => way.#close())
    return way
  }

  #join(client: Socket, port: number): void {
    const upstream = connect(port, '127.0.0.1')
    for (const socket of [client, upstream]) this.#sockets.add(socket.on('error', () => {}))
    upstream.on('data', (bytes) => {
      this.answered += bytes.length
      client.write(bytes)
    })
    client.on('data', (bytes) => {
      if (!this.#isHolding) upstream.write(bytes)
      else {
        this.#held ??= { from: client, to: upstream, bytes: [] }
        if (this.#held.to === upstream) this.#held.bytes.push(bytes)
      }
    })
    client.on('close', () => {
      if (this.#held?.to !== upstream) upstream.destroy()
    })
  }

  /** Holds back whatever is sent from now on. */
  hold(): void {
    this.#isHolding = true
  }

  /** What is sent from now on goes through, over new connections. What is held back stays so. */
  pass(): void {
    this.#isHolding = false
    this.#held?.from.destroy()
  }

  /** How many bytes are held back. */
  get held(): number {
    return this.#held?.bytes.reduce((sum, { length }) => sum + length, 0) ?? 0
  }

  has(text: string): boolean {
    return this.#held !== undefined && Buffer.concat(this.#held.bytes).includes(text)
  }

  /** @returns what delivers what has been held until now */
  capture(): () => void {
    const { to, bytes } = this.#held ?? { to: undefined, bytes: [] }
    const captured = Buffer.concat(bytes)
    return () => void to?.write(captured)
  }

  #close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }
}
