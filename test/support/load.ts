import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'

/** Users at work: requests at a steady rate, half of them on new connections, and websockets that talk. */
export class Users {
  readonly #port: number
  readonly #path: string
  readonly #agent = new Agent({ keepAlive: true })
  readonly #sockets: WebSocket[] = []
  readonly #timers: NodeJS.Timeout[] = []
  #pending = 0
  /** Every request that did not get 200, every websocket that ended or was not answered. */
  readonly failures: string[] = []
  requests = 0
  messages = 0

  private constructor(port: number, path: string) {
    this.#port = port
    this.#path = path
  }

  /** @param path where they all go; its backend must echo websocket messages */
  static async start(port: number, path: string, options: { rps: number; websockets: number }): Promise<Users> {
    const users = new Users(port, path)
    for (let index = 0; index < options.websockets; index += 1) await users.#openWebsocket(index)
    const begin = performance.now()
    users.#timers.push(
      setInterval(() => {
        // What a late timer has missed is made up for.
        const due = ((performance.now() - begin) * options.rps) / 1000
        while (users.requests < due) users.#request()
      }, 5),
    )
    users.#timers.push(
      setInterval(() => {
        for (const socket of users.#sockets) if (socket.readyState === WebSocket.OPEN) socket.send('hello')
      }, 500),
    )
    return users
  }

  async #openWebsocket(index: number): Promise<void> {
    const socket = new WebSocket(`ws://127.0.0.1:${this.#port}${this.#path}`)
    await once(socket, 'open')
    socket.on('message', () => {
      this.messages += 1
    })
    socket.on('close', (code) => this.failures.push(`websocket ${index} ended with ${code}`))
    socket.on('error', (error) => this.failures.push(`websocket ${index}: ${error.message}`))
    this.#sockets.push(socket)
  }

  #request(): void {
    this.requests += 1
    this.#pending += 1
    const agent = this.requests % 2 === 0 ? this.#agent : false
    const call = request({ host: '127.0.0.1', port: this.#port, path: this.#path, agent }, (response) => {
      if (response.statusCode !== 200) this.failures.push(`status ${response.statusCode}`)
      response.resume().on('close', () => {
        this.#pending -= 1
      })
    })
    call.on('error', (error) => {
      this.failures.push(error.message)
      this.#pending -= 1
    })
    call.end()
  }

  /** Resolves when so many requests more have been made. */
  async asked(count: number): Promise<void> {
    const until = this.requests + count
    while (this.requests < until) await delay(10)
  }

  /** How many websockets are open. */
  get websockets(): number {
    return this.#sockets.filter((socket) => socket.readyState === WebSocket.OPEN).length
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    while (this.#pending > 0) await delay(10)
    for (const socket of this.#sockets)
      socket
        .removeAllListeners('close')
        .on('error', () => {})
        .terminate()
    this.#agent.destroy()
  }
}
