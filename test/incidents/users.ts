import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { ask } from '../support/http.js'

/** What became of one request. */
export interface Outcome {
  /** When it was sent, by `performance.now()`. */
  readonly at: number
  /** '200', another status, or the code of a connection's error. */
  readonly result: string
}

export const OK = '200'

/** Users whose browsers ask for something all the time, each at an interval and on a connection of its own. */
export class PollingUsers {
  readonly outcomes: Outcome[] = []
  readonly #stopped = new AbortController()
  readonly #users: readonly Promise<void>[]

  /** @param paths one a user */
  constructor(port: number, paths: readonly string[], intervalMs: number) {
    // Each user waits with this signal.
    setMaxListeners(paths.length, this.#stopped.signal)
    this.#users = paths.map((path, index) => this.#poll(port, path, intervalMs, (index / paths.length) * intervalMs))
  }

  /** Ends when the requests under way have ended. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await Promise.all(this.#users)
  }

  async #poll(port: number, path: string, intervalMs: number, firstMs: number): Promise<void> {
    const { signal } = this.#stopped
    for (let wait = firstMs; await pause(wait, signal); ) {
      const at = performance.now()
      this.outcomes.push({ at, result: await statusOf(port, path) })
      wait = Math.max(0, at + intervalMs - performance.now())
    }
  }
}

/** The status of a request's answer, or why there was none. */
export function statusOf(port: number, path: string): Promise<string> {
  return ask(port, path).then(
    ({ status }) => String(status),
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  )
}

/** Resolves, with the moment, once every path has answered in one pass over all. */
export async function everyRouteAnswers(port: number, paths: readonly string[]): Promise<number> {
  const AT_A_TIME = 20
  let left = [...paths]
  while (left.length > 0) {
    const failing: string[] = []
    for (let from = 0; from < left.length; from += AT_A_TIME) {
      const some = left.slice(from, from + AT_A_TIME)
      const results = await Promise.all(some.map((path) => statusOf(port, path)))
      failing.push(...some.filter((_path, index) => results[index] !== OK))
    }
    left = failing
    if (left.length > 0) await delay(20)
  }
  return performance.now()
}

/** False if it was ended before. */
function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return delay(ms, true, { signal }).catch(() => false)
}
