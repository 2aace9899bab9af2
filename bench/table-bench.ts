import { readFile } from 'node:fs/promises'
import { ApiClient } from './api-client.js'
import type { Contender, ContenderName } from './contender.js'
import type { LoadGenerator } from './load.js'
import { median, quantile } from './statistics.js'

/** What a proxy with a table of one size showed. Times in milliseconds, memory in MB. */
export interface Result {
  readonly contender: ContenderName
  readonly size: number
  /** For the whole table, {@link FILL_CONCURRENCY} routes at a time. */
  readonly fillMs: number
  readonly postP50: number
  readonly postP99: number
  readonly shallowRps: number
  readonly deepRps: number
  /** The most that was seen, after the fill and after each round. */
  readonly controlRss: number
  readonly envoyRss: number | undefined
}

const FILL_CONCURRENCY = 10
/** How many routes of a table, evenly spread, get the requests: the same for all sizes, as are then the connections. */
const ROUTES_IN_USE = 100
const DEEP = '/lab/tree/a/course/with/directories/many/levels/below/its/own/root/notebook.ipynb'

/** One running proxy and what is measured of it, bit by bit. */
export class TableBench {
  readonly #contender: Contender
  readonly #size: number
  readonly #target: string
  readonly #usedRoutes: readonly string[]
  readonly #posts: number[] = []
  readonly #shallow: number[] = []
  readonly #deep: number[] = []
  readonly #controlRss: number[] = []
  readonly #envoyRss: number[] = []
  #fillMs = Number.NaN

  constructor(contender: Contender, size: number, target: string) {
    this.#contender = contender
    this.#size = size
    this.#target = target
    const step = Math.max(1, Math.floor(size / ROUTES_IN_USE))
    this.#usedRoutes = Array.from({ length: Math.min(size, ROUTES_IN_USE) }, (_, i) => `/user/u${i * step}`)
  }

  async fill(): Promise<void> {
    const client = new ApiClient(this.#contender.apiPort, FILL_CONCURRENCY)
    const routespecs = Array.from({ length: this.#size }, (_, i) => `/user/u${i}`)
    const begin = performance.now()
    await client.add(routespecs, this.#target)
    this.#fillMs = performance.now() - begin
    client.close()
    await this.#measureMemory()
  }

  /** Adds routes one after the other and takes them out again, so that the table keeps its size. */
  async postOneByOne(count: number): Promise<void> {
    const client = new ApiClient(this.#contender.apiPort, 1)
    const routespecs = Array.from({ length: count }, (_, i) => `/user/new${i}`)
    this.#posts.push(...(await client.add(routespecs, this.#target)))
    await client.remove(routespecs)
    client.close()
  }

  /** Sends requests that end at their route, then ones that are many segments below it. */
  async carryRequests(load: LoadGenerator, seconds: number): Promise<void> {
    const { url } = this.#contender
    this.#shallow.push(await load(url, this.#below('/x'), seconds))
    this.#deep.push(await load(url, this.#below(DEEP), seconds))
    await this.#measureMemory()
  }

  #below(path: string): string[] {
    return this.#usedRoutes.map((route) => route + path)
  }

  async #measureMemory(): Promise<void> {
    const { control, envoy } = this.#contender.pids
    this.#controlRss.push(await rss(control))
    if (envoy !== undefined) this.#envoyRss.push(await rss(envoy))
  }

  result(): Result {
    return {
      contender: this.#contender.name,
      size: this.#size,
      fillMs: this.#fillMs,
      postP50: median(this.#posts),
      postP99: quantile(this.#posts, 0.99),
      shallowRps: median(this.#shallow),
      deepRps: median(this.#deep),
      controlRss: Math.max(...this.#controlRss),
      envoyRss: this.#envoyRss.length === 0 ? undefined : Math.max(...this.#envoyRss),
    }
  }
}

/** The memory of a process that is in RAM, in MB. */
async function rss(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024
}
