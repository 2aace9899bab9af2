import type { IncomingMessage, RequestListener } from 'node:http'
import type { ServerOptions } from 'node:https'
import { Backend } from './backend.js'

/** An error target that remembers what it was asked. */
export class ErrorServer {
  readonly asked: IncomingMessage[] = []
  /** What it does with a request; by default a page that says what was asked. */
  answer: RequestListener = (request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(`page for ${request.url}`)
  }
  /** The most requests that were under way at once. */
  most = 0
  #underWay = 0
  #backend: Backend | undefined

  /** @param at a port or a unix socket, in place of a free port */
  static async start(at?: number | string, tls?: ServerOptions): Promise<ErrorServer> {
    const server = new ErrorServer()
    server.#backend = await Backend.start('errors', (request, response) => server.#serve(request, response), at, tls)
    return server
  }

  #serve: RequestListener = (request, response) => {
    this.asked.push(request)
    this.#underWay += 1
    this.most = Math.max(this.most, this.#underWay)
    response.once('close', () => {
      this.#underWay -= 1
    })
    this.answer(request, response)
  }

  /** The paths it was asked for. */
  get urls(): string[] {
    return this.asked.map(({ url }) => url ?? '')
  }

  get port(): number {
    return this.#backend?.port ?? 0
  }

  /** As JupyterHub's, with a path. */
  get url(): string {
    return `${this.#backend?.url}/hub/error`
  }

  async stop(): Promise<void> {
    await this.#backend?.stop()
  }
}
