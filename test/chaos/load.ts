import { once } from 'node:events'
import type { RequestOptions } from 'node:http'
import { Agent } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { ask } from '../support/http.js'
import type { Random } from '../support/random.js'
import { below, pick } from '../support/random.js'
import { answerIn, answersOf, SILENCE } from './backends.js'
import type { Model } from './model.js'

const CLIENTS = 12
const WEBSOCKETS = 10
const PAUSE_MS = 30
/** How long a client waits where silence is allowed, and where it isn't. */
const PATIENCE_MS = 1_000
const LIMIT_MS = 30_000

/** Users whose every answer is held against the model. */
export class Load {
  readonly #port: number
  readonly #model: Model
  readonly #random: Random
  readonly #routespecs: readonly string[]
  readonly #agent = new Agent({ keepAlive: true })
  readonly #sockets = new Set<WebSocket>()
  readonly #work = new Set<Promise<void>>()
  #isOver = false
  /** Counted up when Envoy is about to be killed and when it serves again: odd while it may be away. */
  #outages = 0
  /** What should not have happened. */
  readonly violations: string[] = []
  requests = 0
  /** How often each answer came. */
  readonly answers = new Map<string, number>()

  /** @param routespecs where users go, and to paths below these */
  constructor(port: number, model: Model, random: Random, routespecs: readonly string[]) {
    this.#port = port
    this.#model = model
    this.#random = random
    this.#routespecs = routespecs
  }

  async start(): Promise<void> {
    await this.#openWebsockets()
    for (let client = 0; client < CLIENTS; client += 1) this.#follow(this.#client())
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#work)
    this.#closeWebsockets()
    this.#agent.destroy()
  }

  /** From now on connections may be refused and lost. */
  outageBegins(): void {
    this.#outages += 1
  }

  async outageEnds(): Promise<void> {
    this.#closeWebsockets()
    this.#outages += 1
    await this.#openWebsockets()
  }

  /** Has a user come to a route at this very moment. */
  visit(routespec: string): void {
    this.#follow(this.#request(routespec))
  }

  #follow(work: Promise<void>): void {
    this.#work.add(work)
    void work.then(() => this.#work.delete(work))
  }

  async #client(): Promise<void> {
    while (!this.#isOver) {
      await this.#request(`${pick(this.#random, this.#routespecs)}${pick(this.#random, ['', '/lab', '/deep?x=1'])}`)
      await delay(below(this.#random, PAUSE_MS))
    }
  }

  async #request(path: string): Promise<void> {
    const outages = this.#outages
    const watch = this.#model.watch(path)
    const method = pick(this.#random, ['GET', 'GET', 'GET', 'POST'])
    const agent = pick(this.#random, [this.#agent, false] as const)
    const begin = performance.now()
    const answer = await this.#ask(path, { method, agent }, () => answersOf(watch.targets()).includes(SILENCE)).catch(
      (error: Error) => error,
    )
    watch.end()
    this.requests += 1
    const result = answer instanceof Error ? answer.message : answer
    this.answers.set(result, (this.answers.get(result) ?? 0) + 1)
    const allowed = answersOf(watch.targets())
    const mayFail = outages % 2 === 1 || outages !== this.#outages
    if (answer instanceof Error ? mayFail : allowed.includes(answer)) return
    const ms = (performance.now() - begin).toFixed()
    this.violations.push(`${method} ${path}: ${result} after ${ms} ms, allowed: ${[...new Set(allowed)].join(', ')}`)
  }

  /** @param maySilence whether the request may be at a backend that doesn't answer */
  async #ask(path: string, options: RequestOptions, maySilence: () => boolean): Promise<string> {
    const limit = new AbortController()
    const begin = performance.now()
    const timer = setInterval(() => {
      const waited = performance.now() - begin
      if (waited > LIMIT_MS || (waited > PATIENCE_MS && maySilence())) limit.abort()
    }, PATIENCE_MS / 10)
    try {
      const { status, body } = await ask(this.#port, path, { ...options, signal: limit.signal })
      return answerIn(status, body)
    } catch (error) {
      if (limit.signal.aborted) return SILENCE
      throw error
    } finally {
      clearInterval(timer)
    }
  }

  async #openWebsockets(): Promise<void> {
    for (let index = 0; index < WEBSOCKETS; index += 1) {
      const socket = new WebSocket(`ws://127.0.0.1:${this.#port}${STEADY}`)
      await once(socket, 'open')
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', (code) => {
        if (this.#sockets.delete(socket) && this.#outages % 2 === 0) this.violations.push(`a websocket ended: ${code}`)
      })
    }
  }

  /** All that are open answer. */
  async websocketsAnswer(): Promise<void> {
    for (const socket of this.#sockets) {
      socket.send('hello')
      await once(socket, 'message')
    }
  }

  #closeWebsockets(): void {
    for (const socket of this.#sockets) socket.removeAllListeners('close').terminate()
    this.#sockets.clear()
  }
}

/** A route that never changes. */
export const STEADY = '/steady'
