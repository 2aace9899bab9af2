import { Worker } from 'node:worker_threads'
import type { Cast } from './cast.js'
import type { Stage } from './stage.js'

/** What can be called in the other thread. */
type Method = {
  [K in keyof Stage]: Stage[K] extends (...args: never) => unknown ? K : never
}[keyof Stage]

export interface Call {
  readonly id: number
  readonly method: Method
  readonly args: readonly unknown[]
}

export type FromThread =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string }
  | { readonly trouble: string }

interface Waiting {
  resolve(result: unknown): void
  reject(error: Error): void
}

/** The stage, which runs in a thread of its own. */
export class RemoteStage {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #calls = 0
  /** Resolves with the reason if the thread ends by itself. */
  readonly lost: Promise<string>

  /** @param onTrouble told what the hub would log as an error */
  constructor(cast: Cast, onTrouble: (what: string) => void) {
    this.#worker = new Worker(new URL('./thread.js', import.meta.url), { workerData: cast })
    this.#worker.on('message', (message: FromThread) => {
      if ('trouble' in message) onTrouble(message.trouble)
      else this.#settle(message)
    })
    this.lost = new Promise((resolve) => {
      this.#worker.on('error', (error) => {
        resolve(`hub and servers, which are played, have ended: ${error.message}`)
        this.#fail(error)
      })
    })
    this.#worker.on('exit', () => this.#fail(new Error('hub and servers have ended')))
  }

  /** @throws Error with the message of the one that the method threw, or if the thread has ended */
  call<M extends Method>(method: M, ...args: Parameters<Stage[M]>): Promise<Awaited<ReturnType<Stage[M]>>> {
    this.#calls += 1
    const id = this.#calls
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject })
      this.#worker.postMessage({ id, method, args } satisfies Call)
    })
  }

  /** How busy its thread is, as Node.js measures it. */
  get utilization(): Worker['performance']['eventLoopUtilization'] {
    return (last, before) => this.#worker.performance.eventLoopUtilization(last, before)
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #settle(message: Exclude<FromThread, { trouble: string }>): void {
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if ('error' in message) waiting?.reject(new Error(message.error))
    else waiting?.resolve(message.result)
  }

  #fail(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error)
    this.#waiting.clear()
  }
}
