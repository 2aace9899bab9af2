import { setTimeout as delay } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { inTurns } from '../in-turns.js'

/** JupyterHub adds so many at a time. */
const AT_ONCE = 10

/** JupyterHub tries again for that long while the proxy fails. */
const RETRY_MS = 30_000
const RETRY_PAUSE_MS = 500

const CALL_MS = 30_000

/** Of a route that the hub has added. */
interface Wanted {
  readonly target: string
  readonly data: object
}

/** Of a route that the proxy has. */
interface Found {
  readonly target: unknown
  /** Whether a rehearsal has added it. */
  readonly isRehearsals: boolean
}

/** In the data of each route that is added here, so that what a killed rehearsal has left is known. */
const MARK = 'rehearsal'

/** The hub's routes, and the proxy that shall have them, by CHP's API. */
export class HubRoutes {
  readonly #api: string
  readonly #token: string | undefined
  readonly #agent = new Agent({ connections: AT_ONCE })
  readonly #wanted = new Map<string, Wanted>()

  constructor(apiUrl: string, token: string | undefined) {
    this.#api = `${apiUrl}/api/routes`
    this.#token = token
  }

  list(): string[] {
    return [...this.#wanted.keys()]
  }

  /** Adds or replaces one. @throws Error if the proxy takes it not within 30 s */
  async add(routespec: string, target: string, data: object = {}): Promise<void> {
    this.#wanted.set(routespec, { target, data })
    await this.#post(routespec)
  }

  /** @throws Error if the proxy doesn't remove it within 30 s */
  async remove(routespec: string): Promise<void> {
    this.#wanted.delete(routespec)
    await this.#delete(routespec)
  }

  /** Posts all, whatever the proxy has. `/` goes first, as JupyterHub does it. */
  async repopulate(): Promise<void> {
    await this.#postAll(this.list())
  }

  /** Adds what the proxy lacks, and removes what it has beside that. */
  async check(): Promise<{ added: number; removed: number }> {
    const { missing, stale } = await this.compare()
    await this.#postAll(missing)
    await inTurns(stale, AT_ONCE, (routespec) => this.#delete(routespec))
    return { added: missing.length, removed: stale.length }
  }

  /**
   * Asks the proxy once whether it has routes of another hub. Those that an earlier rehearsal has left are not among them.
   *
   * @throws Error that says what is wrong with the address or the token
   */
  async others(): Promise<string[]> {
    const { status, text } = await this.#attempt('GET', this.#api)
    if (status === 0) {
      throw new Error(`${this.#api} can't be asked: ${text}. Does the proxy run, and is --api-url its REST API?`)
    }
    if (status === 401 || status === 403) {
      throw new Error(`${this.#api} refuses the token (${status}): CONFIGPROXY_AUTH_TOKEN must be that of the proxy.`)
    }
    const found = status === 200 ? routesIn(text) : undefined
    if (found === undefined) throw new Error(`${this.#api} is not the REST API of a proxy (${status}): see --api-url.`)
    return [...found].filter(([, { isRehearsals }]) => !isRehearsals).map(([routespec]) => routespec)
  }

  /** What the proxy lacks, or has with another target; and which routes of a hub it has that this one doesn't want. */
  async compare(): Promise<{ missing: string[]; stale: string[] }> {
    const found = await this.#list()
    const missing = [...this.#wanted].filter(([routespec, { target }]) => found.get(routespec)?.target !== target)
    const stale = [...found.keys()].filter((routespec) => !this.#wanted.has(routespec))
    return { missing: missing.map(([routespec]) => routespec), stale }
  }

  /** Deletes all in the proxy, and wants them nevertheless. */
  async dropTable(): Promise<void> {
    await inTurns([...(await this.#list()).keys()], AT_ONCE, (routespec) => this.#delete(routespec))
  }

  /** Deletes what a rehearsal has added. */
  async removeOwn(): Promise<void> {
    const own = [...(await this.#list())].filter(([path, { isRehearsals }]) => isRehearsals || this.#wanted.has(path))
    this.#wanted.clear()
    await inTurns(
      own.map(([routespec]) => routespec),
      AT_ONCE,
      (routespec) => this.#delete(routespec),
    )
  }

  close(): Promise<void> {
    return this.#agent.destroy()
  }

  async #postAll(routespecs: readonly string[]): Promise<void> {
    const [root, others] = [routespecs.filter((one) => one === '/'), routespecs.filter((one) => one !== '/')]
    await inTurns(root, AT_ONCE, (routespec) => this.#post(routespec))
    await inTurns(others, AT_ONCE, (routespec) => this.#post(routespec))
  }

  async #post(routespec: string): Promise<void> {
    const wanted = this.#wanted.get(routespec)
    // It was removed since.
    if (wanted === undefined) return
    const body = JSON.stringify({ ...wanted.data, target: wanted.target, jupyterhub: true, [MARK]: true })
    await this.#call('POST', routespec, [201], body)
  }

  async #delete(routespec: string): Promise<void> {
    await this.#call('DELETE', routespec, [204, 404])
  }

  /** By routespec. Routes that no hub has added are not this one's concern. */
  async #list(): Promise<Map<string, Found>> {
    const found = routesIn(await this.#call('GET', '', [200]))
    if (found === undefined) throw new Error(`${this.#api} answers with something that is no table of routes`)
    return found
  }

  /** Tries again while the proxy is away or fails. */
  async #call(
    method: 'GET' | 'POST' | 'DELETE',
    routespec: string,
    expected: number[],
    body?: string,
  ): Promise<string> {
    const url = this.#api + encodeURI(routespec)
    for (const until = performance.now() + RETRY_MS; ; await delay(RETRY_PAUSE_MS)) {
      const { status, text } = await this.#attempt(method, url, body)
      if (expected.includes(status)) return text
      const isPassing = status === 0 || status >= 500
      if (!isPassing || performance.now() > until)
        throw new Error(`${method} ${url}: ${status || ''} ${text.slice(0, 200)}`)
    }
  }

  async #attempt(
    method: 'GET' | 'POST' | 'DELETE',
    url: string,
    body?: string,
  ): Promise<{ status: number; text: string }> {
    const headers = this.#token === undefined ? {} : { authorization: `token ${this.#token}` }
    try {
      const signal = AbortSignal.timeout(CALL_MS)
      const answer = await request(url, { method, headers, body: body ?? null, dispatcher: this.#agent, signal })
      return { status: answer.statusCode, text: await answer.body.text() }
    } catch (error) {
      return { status: 0, text: (error as Error).message }
    }
  }
}

/** Undefined for what is no table of routes. */
function routesIn(text: string): Map<string, Found> | undefined {
  try {
    const routes = Object.entries(JSON.parse(text) as Record<string, Readonly<Record<string, unknown>>>)
    return new Map(
      routes
        .filter(([, { jupyterhub }]) => jupyterhub)
        .map(([routespec, { target, [MARK]: mark }]) => [routespec, { target, isRehearsals: mark === true }]),
    )
  } catch {
    return undefined
  }
}
