import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import type { Echo } from '../support/backend.js'
import { Backend } from '../support/backend.js'
import type { Target } from './model.js'

/** Nothing came: what a request to a backend that never answers ends with, when the client has had enough. */
export const SILENCE = 'silence'

/** What a user may get from each backend: its name, or a status of the proxy's own. */
const ANSWERS = {
  one: ['one'],
  two: ['two'],
  three: ['three'],
  slow: ['slow'],
  mortal: ['mortal', '503'],
  closed: ['503'],
  resets: ['503'],
  silent: [SILENCE],
} as const

type Name = keyof typeof ANSWERS

/** Names that a route may lead to. */
export const TARGETS = Object.keys(ANSWERS) as readonly Name[]

/** All that a request may be answered that went to one of these. */
export function answersOf(targets: Iterable<Target>): string[] {
  return [...targets].flatMap((target) => (target === undefined ? ['404'] : ANSWERS[target as Name]))
}

const SLOW_MS = 300
/** Where nobody listens. */
const NOBODY = 'http://127.0.0.1:1'
/** How long one of the backends answers, and then breaks every connection. */
const LIFE_MS = 1_500

/** Good and bad backends for the routes to lead to. */
export class Backends {
  readonly urls: ReadonlyMap<string, string>
  readonly #stops: Array<() => Promise<unknown>>

  private constructor(urls: ReadonlyMap<string, string>, stops: Array<() => Promise<unknown>>) {
    this.urls = urls
    this.#stops = stops
  }

  static async start(): Promise<Backends> {
    const good = await Promise.all(['one', 'two', 'three'].map((name) => Backend.start(name)))
    const slow = await Backend.start('slow', (_request, response) => {
      setTimeout(() => response.end(JSON.stringify({ name: 'slow' })), SLOW_MS)
    })
    const silent = await Backend.start('silent', () => {})
    const resets = createServer((socket) => socket.on('error', () => {}).resetAndDestroy())
    await new Promise<void>((resolve) => resets.listen(0, '127.0.0.1', resolve))
    const mortal = await Backend.start('mortal', (request, response) => {
      if (Math.floor(performance.now() / LIFE_MS) % 2 === 0) response.end(JSON.stringify({ name: 'mortal' }))
      else request.socket.destroy()
    })
    const named = { one: good[0], two: good[1], three: good[2], slow, silent, mortal }
    const urls = new Map(Object.entries(named).map(([name, backend]) => [name, backend?.url ?? '']))
    urls.set('closed', NOBODY)
    urls.set('resets', `http://127.0.0.1:${(resets.address() as AddressInfo).port}`)
    const stops = [...good, slow, silent, mortal].map((backend) => () => backend.stop())
    return new Backends(urls, [...stops, () => new Promise((resolve) => resets.close(resolve))])
  }

  url(name: string): string {
    return this.urls.get(name) ?? ''
  }

  /** The name of the backend that has a URL. */
  nameOf(url: string): string | undefined {
    return [...this.urls].find(([, other]) => other === url)?.[0]
  }

  async stop(): Promise<void> {
    await Promise.all(this.#stops.map((stop) => stop()))
  }
}

/** Who answered a request: a backend by its name, or the proxy by the status. */
export function answerIn(status: number, body: string): string {
  return status === 200 ? (JSON.parse(body) as Echo).name : String(status)
}
