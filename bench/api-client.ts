import { Agent, request } from 'node:http'
import { TOKEN } from '../test/support/proxy.js'

/** No call of the API may take longer. */
const PATIENCE_MS = 60_000

/** Calls a proxy's API over a given number of connections that are kept open: the client's own share is small. */
export class ApiClient {
  readonly #port: number
  readonly #connections: number
  readonly #agent: Agent

  constructor(port: number, connections: number) {
    this.#port = port
    this.#connections = connections
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
  }

  /** Adds routes, as many at a time as there are connections, and says how many milliseconds each took. */
  add(routespecs: readonly string[], target: string): Promise<number[]> {
    const body = JSON.stringify({ target, user: 'someone', jupyterhub: true })
    return this.#each(routespecs, (routespec) => this.#call('POST', routespec, 201, body))
  }

  /** Removes routes in the same way. */
  remove(routespecs: readonly string[]): Promise<number[]> {
    return this.#each(routespecs, (routespec) => this.#call('DELETE', routespec, 204))
  }

  /** Asks for the whole table as often as there are connections, and says how many milliseconds each took. */
  list(): Promise<number[]> {
    return this.#each(
      Array.from({ length: this.#connections }, () => ''),
      (all) => this.#call('GET', all, 200),
    )
  }

  close(): void {
    this.#agent.destroy()
  }

  async #each(routespecs: readonly string[], call: (routespec: string) => Promise<void>): Promise<number[]> {
    const times: number[] = []
    const left = routespecs.values()
    const work = async () => {
      for (const routespec of left) {
        const begin = performance.now()
        await call(routespec)
        times.push(performance.now() - begin)
      }
    }
    await Promise.all(Array.from({ length: this.#connections }, work))
    return times
  }

  #call(method: 'POST' | 'DELETE' | 'GET', routespec: string, expected: number, body?: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const options = {
        agent: this.#agent,
        host: '127.0.0.1',
        port: this.#port,
        method,
        path: `/api/routes${routespec}`,
        headers: { authorization: `token ${TOKEN}` },
        timeout: PATIENCE_MS,
      }
      const call = request(options, (response) => {
        response.resume()
        response.on('end', () => {
          if (response.statusCode === expected) resolve()
          else reject(new Error(`${method} ${routespec}: ${response.statusCode}`))
        })
      })
      call.on('timeout', () => call.destroy(new Error(`${method} ${routespec}: no answer in ${PATIENCE_MS} ms`)))
      call.on('error', reject)
      call.end(body)
    })
  }
}

/**
 * Adds routes, and resolves to the milliseconds that all took.
 *
 * @param atOnce calls at a time: 10, as of JupyterHub when it starts, unless the time doesn't matter
 */
export async function addRoutes(
  apiPort: number,
  routes: ReadonlyArray<{ readonly path: string; readonly target: string }>,
  atOnce = 10,
): Promise<number> {
  const client = new ApiClient(apiPort, atOnce)
  const begin = performance.now()
  try {
    for (const target of new Set(routes.map(({ target }) => target))) {
      const own = routes.filter((route) => route.target === target)
      await client.add(
        own.map(({ path }) => path),
        target,
      )
    }
    return performance.now() - begin
  } finally {
    client.close()
  }
}
