import { Agent, request } from 'undici'
import { TOKEN } from '../support/proxy.js'

/** How many routes JupyterHub adds at a time. */
const CONCURRENCY = 10

/** As much of JupyterHub as an incident needs: it knows which routes there should be, and sees to it. */
export class IncidentHub {
  readonly #api: string
  readonly #target: string
  readonly #routespecs: readonly string[]
  readonly #agent = new Agent({ connections: CONCURRENCY })

  constructor(apiPort: number, target: string, routespecs: readonly string[]) {
    this.#api = `http://127.0.0.1:${apiPort}/api/routes`
    this.#target = target
    this.#routespecs = routespecs
  }

  /** Adds all routes, as it does when it starts. */
  async populate(): Promise<void> {
    await this.#add(this.#routespecs)
  }

  /** Adds what is missing, as it does every 300 s. */
  async check(): Promise<void> {
    const { body } = await this.#call('GET', '')
    const present = new Set(Object.keys((await body.json()) as object))
    await this.#add(this.#routespecs.filter((routespec) => !present.has(routespec)))
  }

  async remove(routespec: string): Promise<void> {
    await (await this.#call('DELETE', routespec)).body.dump()
  }

  async add(routespec: string): Promise<void> {
    const body = JSON.stringify({ target: this.#target, user: 'someone', jupyterhub: true })
    const response = await this.#call('POST', routespec, body)
    if (response.statusCode !== 201) throw new Error(`POST ${routespec}: ${response.statusCode}`)
    await response.body.dump()
  }

  close(): Promise<void> {
    return this.#agent.destroy()
  }

  async #add(routespecs: readonly string[]): Promise<void> {
    const left = routespecs.values()
    const work = async () => {
      for (const routespec of left) await this.add(routespec)
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, work))
  }

  #call(method: 'GET' | 'POST' | 'DELETE', routespec: string, body?: string): ReturnType<typeof request> {
    const headers = { authorization: `token ${TOKEN}` }
    return request(`${this.#api}${routespec}`, { method, headers, body: body ?? null, dispatcher: this.#agent })
  }
}
