import { readFileSync } from 'node:fs'
import type { RequestOptions } from 'node:http'
import { request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** Calls the REST API of a proxy to prepare a case and to clean up after it, in whatever way it is served. */
export class ApiClient {
  readonly #options: RequestOptions
  readonly #secure: boolean

  /**
   * @param at a port, or the path of a unix socket
   * @param certs where the certificates are, if it is served with TLS
   */
  constructor(at: number | string, token: string, certs: string | undefined) {
    const pem = (name: string) => readFileSync(join(certs ?? '', name))
    this.#secure = certs !== undefined
    this.#options = {
      ...(typeof at === 'string' ? { socketPath: at } : { host: '127.0.0.1', port: at }),
      ...(certs !== undefined && {
        ...{ ca: pem('ca.pem'), cert: pem('client.pem'), key: pem('client.key'), servername: 'localhost' },
      }),
      headers: { authorization: `token ${token}` },
      agent: false,
      timeout: 15_000,
    }
  }

  /** @throws if the status is none of those expected */
  async call(method: string, path: string, expected: readonly number[], body?: object): Promise<string> {
    const { status, content } = await new Promise<{ status: number; content: string }>((resolve, reject) => {
      const options = { ...this.#options, method, path: `/api/routes${path}` }
      const call = (this.#secure ? secureRequest : request)(options, (response) => {
        text(response).then((content) => resolve({ status: response.statusCode ?? 0, content }), reject)
      })
      call.on('error', reject).on('timeout', () => call.destroy(new Error('no answer in 15 s')))
      call.end(body && JSON.stringify(body))
    })
    if (!expected.includes(status)) throw new Error(`${method} /api/routes${path}: ${status} ${content}`)
    return content
  }

  /** The whole table. */
  async table(): Promise<Record<string, { readonly target: string; readonly last_activity: string }>> {
    return JSON.parse(await this.call('GET', '', [200])) as Record<string, { target: string; last_activity: string }>
  }

  async put(routespec: string, body: object): Promise<void> {
    await this.call('POST', escaped(routespec), [201], body)
  }

  /** Brings the table back to what it was. */
  async restore(before: Readonly<Record<string, { readonly target: string }>>): Promise<void> {
    const now = await this.table()
    for (const routespec of Object.keys(now)) {
      if (before[routespec] === undefined) await this.call('DELETE', escaped(routespec), [204, 404])
    }
    for (const [routespec, { target }] of Object.entries(before)) {
      if (now[routespec]?.target !== target) await this.put(routespec, { target })
    }
  }
}

function escaped(routespec: string): string {
  return routespec.split('/').map(encodeURIComponent).join('/')
}
