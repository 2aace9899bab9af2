import { request } from 'node:http'
import { text } from 'node:stream/consumers'

/** Envoy's admin interface, over its private unix socket. */
export class EnvoyAdmin {
  readonly #socketPath: string

  constructor(socketPath: string) {
    this.#socketPath = socketPath
  }

  /** Whether Envoy has its whole configuration and serves; false while it starts or isn't there. */
  async isReady(): Promise<boolean> {
    return this.#call('GET', '/ready').then(
      ({ status }) => status === 200,
      () => false,
    )
  }

  /** Closes the listening sockets; connections stay. */
  async stopListening(): Promise<void> {
    await this.#call('POST', '/drain_listeners')
  }

  /** How many requests are under way on a listener, without websockets, which may never end. */
  async requestsUnderWay(statPrefix: string): Promise<number> {
    const filter = `^http\\.${statPrefix}\\.downstream_(rq_active|cx_upgrades_active)$`
    const { body } = await this.#call('GET', `/stats?filter=${encodeURIComponent(filter)}`)
    const value = (name: string) => Number(new RegExp(`\\.${name}: (\\d+)`).exec(body)?.[1] ?? 0)
    return value('downstream_rq_active') - value('downstream_cx_upgrades_active')
  }

  /** The counters that have counted anything and whose names match a regular expression. */
  async counters(filter: string): Promise<ReadonlyMap<string, number>> {
    const { body } = await this.#call('GET', `/stats?usedonly&type=Counters&filter=${encodeURIComponent(filter)}`)
    return new Map([...body.matchAll(/^(.*): (\d+)$/gm)].map(([, name = '', count]) => [name, Number(count)]))
  }

  #call(method: 'GET' | 'POST', path: string): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const call = request({ socketPath: this.#socketPath, method, path, agent: false, timeout: 2_000 }, (response) => {
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject)
      })
      call.on('timeout', () => call.destroy(new Error(`Envoy's admin interface did not answer ${path}`)))
      call.on('error', reject)
      call.end()
    })
  }
}
