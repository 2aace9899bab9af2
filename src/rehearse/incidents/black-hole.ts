import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

/** Listens, and then never looks at what comes. */
const LISTEN = `
  const { parentPort } = require('node:worker_threads')
  const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port)
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
  })`

/** Longer than a connection here takes, and shorter than the kernel waits before it tries again. */
const NO_ANSWER_MS = 300

/**
 * A port whose kernel drops what comes, as the address of a node that has died: nothing connects, and nothing is refused.
 * The places of those that wait to be accepted are taken, and nobody accepts.
 */
export class BlackHole {
  readonly url: string
  readonly #worker: Worker
  readonly #waiting: readonly Socket[]

  private constructor(port: number, worker: Worker, waiting: readonly Socket[]) {
    this.url = `http://127.0.0.1:${port}`
    this.#worker = worker
    this.#waiting = waiting
  }

  static async open(): Promise<BlackHole> {
    const worker = new Worker(LISTEN, { eval: true })
    const [port] = (await once(worker, 'message')) as [number]
    const waiting: Socket[] = []
    while (await connects(port, waiting));
    return new BlackHole(port, worker, waiting)
  }

  async close(): Promise<void> {
    for (const socket of this.#waiting) socket.destroy()
    await this.#worker.terminate()
  }
}

async function connects(port: number, sockets: Socket[]): Promise<boolean> {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  sockets.push(socket)
  return Promise.race([once(socket, 'connect').then(() => true), delay(NO_ANSWER_MS, false)])
}
