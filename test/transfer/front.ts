import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { Agent, request } from 'undici'
import { eventually } from '../support/wait.js'

/** What stands before a proxy, such as a load balancer: new connections go where it is told, those before stay. */
export class Front {
  readonly port: number
  readonly #to: { port: number }

  private constructor(port: number, to: { port: number }) {
    this.port = port
    this.#to = to
  }

  static async start(t: { teardown(fn: () => unknown): unknown }, port: number): Promise<Front> {
    const to = { port }
    const sockets = new Set<Socket>()
    const join = (one: Socket, other: Socket) => {
      sockets.add(one)
      one.pipe(other)
      one.once('error', () => other.destroy())
      one.once('close', () => sockets.delete(one))
    }
    const server = createServer((client) => {
      const upstream = connect(to.port, '127.0.0.1')
      join(client, upstream)
      join(upstream, client)
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    t.teardown(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    return new Front((server.address() as { port: number }).port, to)
  }

  switchTo(port: number): void {
    this.#to.port = port
  }

  /** Two users who ask without a pause, each time on a new connection, until it is ended. */
  load(paths: readonly string[]): Load {
    return new Load(`http://127.0.0.1:${this.port}`, paths)
  }
}

/** See {@link Front.load}. */
export class Load {
  readonly #origin: string
  readonly #paths: readonly string[]
  readonly #failures: string[] = []
  readonly #users: readonly Promise<void>[]
  #sent = 0
  #ended = false

  constructor(origin: string, paths: readonly string[]) {
    this.#origin = origin
    this.#paths = paths
    this.#users = [this.#user(), this.#user()]
  }

  /** Waits until as many more requests have been sent. */
  async more(count: number): Promise<void> {
    const goal = this.#sent + count
    await eventually(() => this.#sent >= goal, `${count} more requests`, 60_000)
  }

  /** @returns what failed */
  async end(): Promise<readonly string[]> {
    this.#ended = true
    await Promise.all(this.#users)
    return this.#failures
  }

  async #user(): Promise<void> {
    while (!this.#ended) {
      const path = this.#paths[this.#sent % this.#paths.length] ?? '/'
      this.#sent += 1
      const dispatcher = new Agent()
      try {
        const { statusCode, body } = await request(`${this.#origin}${path}`, { dispatcher })
        await body.dump()
        if (statusCode !== 200) this.#failures.push(`${path}: ${statusCode}`)
      } catch (error) {
        this.#failures.push(`${path}: ${(error as Error).message}`)
      }
      await dispatcher.close()
    }
  }
}
