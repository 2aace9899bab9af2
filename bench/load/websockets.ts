// Users of websockets, in a process of their own. They speak the protocol themselves, with one message of one size: a
// complete client would take more of the processor than the proxy that is measured.
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { answerCalls } from '../remote.js'
import { quantile } from '../statistics.js'
import { CLIENT_FRAME, SERVER_FRAME } from './websocket-frames.js'

/** How many open at once. */
const AT_ONCE = 50

export interface Talk {
  readonly sockets: number
  readonly seconds: number
  /** Messages a second of each; without it, each sends the next as soon as the last has come back. */
  readonly rate?: number
}

export interface TalkResult {
  readonly messages: number
  readonly rate: number
  /** Milliseconds until a message has come back. */
  readonly p50: number
  readonly p99: number
}

export class Websockets {
  readonly #sockets: OpenWebsocket[] = []

  /** Opens one at each path, and resolves when all are open. */
  async open(port: number, paths: readonly string[]): Promise<void> {
    const left = paths.values()
    const work = async () => {
      for (const path of left) this.#sockets.push(await OpenWebsocket.open(port, path))
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
  }

  /** Some of those that are open talk, the others stay idle. */
  async talk({ sockets: count, seconds, rate }: Talk): Promise<TalkResult> {
    const sockets = this.#sockets.slice(0, count)
    const begin = performance.now()
    const end = begin + seconds * 1000
    const times = (await Promise.all(sockets.map((socket, at) => socket.talk(end, at / count, rate)))).flat()
    const took = (performance.now() - begin) / 1000
    const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)]
    return { messages: times.length, rate: times.length / took, p50, p99 }
  }

  close(): void {
    for (const socket of this.#sockets.splice(0)) socket.close()
  }
}

class OpenWebsocket {
  readonly #socket: Socket
  #received = 0
  #onMessage: (() => void) | undefined
  #onEnd: ((error: Error) => void) | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.length
      if (this.#received < SERVER_FRAME.length) return
      this.#received -= SERVER_FRAME.length
      this.#onMessage?.()
    })
    socket.on('close', () => this.#onEnd?.(new Error('a websocket was closed')))
    socket.on('error', (error) => this.#onEnd?.(error))
  }

  static async open(port: number, path: string): Promise<OpenWebsocket> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const lines = [`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, 'Connection: Upgrade', 'Upgrade: websocket']
    const own = ['Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', 'Sec-WebSocket-Version: 13']
    socket.write(`${[...lines, ...own].join('\r\n')}\r\n\r\n`)
    const [head] = (await Promise.race([once(socket, 'data'), once(socket, 'end')])) as [Buffer | undefined]
    const status = String(head).split('\r\n', 1)[0]
    if (!status?.startsWith('HTTP/1.1 101')) throw new Error(`a websocket at ${path} was answered with ${status}`)
    return new OpenWebsocket(socket)
  }

  /** @returns how many milliseconds each message took to come back */
  async talk(end: number, offset: number, rate?: number): Promise<number[]> {
    const times: number[] = []
    const begin = performance.now()
    for (let count = 0; ; count += 1) {
      if (rate !== undefined) await delay(begin + ((count + offset) * 1000) / rate - performance.now())
      const sent = performance.now()
      if (sent >= end) return times
      await this.#roundTrip()
      times.push(performance.now() - sent)
    }
  }

  #roundTrip(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onMessage = resolve
      this.#onEnd = reject
      this.#socket.write(CLIENT_FRAME)
    })
  }

  close(): void {
    this.#onEnd = undefined
    this.#socket.destroy()
  }
}

answerCalls(new Websockets())
