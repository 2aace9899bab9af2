import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { ListenAddress } from '../platform/address.js'
import { withKey } from '../resources/bootstrap/admin-key.js'
import { DRAINING } from '../resources/names.js'
import { readAdminKey } from './admin-key.js'

const LIMIT_MS = 2_000
const DUMP_LIMIT_MS = 60_000
/** For a figure that a person waits for, and can do without. */
const ASK_LIMIT_MS = 500

interface ConfigDump<T> {
  readonly configs?: ReadonlyArray<{ readonly version_info?: string; readonly cluster: T }>
}

interface ListenersDump {
  readonly listener_statuses?: ReadonlyArray<{
    readonly local_address:
      | { readonly pipe: { readonly path: string } }
      | { readonly socket_address: { readonly address: string; readonly port_value: number } }
  }>
}

interface ServerInfo {
  readonly command_line_options: { readonly restart_epoch: number }
}

/** Envoy's admin interface, over its private unix socket, with the key beside that. */
export class EnvoyAdmin {
  readonly #socketPath: string
  #key: string | undefined

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

  /** The restart epoch of the Envoy that answers here; undefined if none does. */
  async epoch(): Promise<number | undefined> {
    return this.#call('GET', '/server_info').then(
      ({ body }) => (JSON.parse(body) as ServerInfo).command_line_options.restart_epoch,
      () => undefined,
    )
  }

  /** Closes the listening sockets; connections stay. */
  async stopListening(): Promise<void> {
    await this.#call('POST', '/drain_listeners')
  }

  /** From now on the health check fails, and connections are closed after their next response. */
  async failHealthChecks(): Promise<void> {
    await this.#call('POST', '/healthcheck/fail')
    await this.#call('POST', `/runtime_modify?${DRAINING}=100`)
  }

  /** Requests in flight on a listener, without websockets, which may never end. */
  async requestsInFlight(statPrefix: string): Promise<number> {
    const { all, websockets } = await this.#underWay(statPrefix)
    return all - websockets
  }

  /** Requests in flight on a listener, with websockets. */
  async streamsInFlight(statPrefix: string): Promise<number> {
    return (await this.#underWay(statPrefix)).all
  }

  async #underWay(statPrefix: string): Promise<{ all: number; websockets: number }> {
    const filter = `^http\\.${statPrefix}\\.downstream_(rq_active|cx_upgrades_active)$`
    const { body } = await this.#call('GET', `/stats?filter=${encodeURIComponent(filter)}`)
    const value = (name: string) => Number(new RegExp(`\\.${name}: (\\d+)`).exec(body)?.[1] ?? 0)
    return { all: value('downstream_rq_active'), websockets: value('downstream_cx_upgrades_active') }
  }

  /**
   * Requests and websockets that a cluster has now, with those that wait for a connection. Envoy compares the names of all
   * clusters, which takes milliseconds.
   */
  async requestsOf(cluster: string): Promise<number> {
    const filter = `^${cluster.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&')}$`
    const { status, body } = await this.#call('GET', `/clusters?filter=${encodeURIComponent(filter)}`, ASK_LIMIT_MS)
    if (status !== 200) throw new Error(`Envoy's admin interface answered /clusters with ${status}`)
    const counts = [...body.matchAll(/::rq_(?:pending_)?active::(\d+)$/gm)]
    return counts.reduce((sum, [, count]) => sum + Number(count), 0)
  }

  /** The addresses it listens on. */
  async listeningOn(): Promise<ListenAddress[]> {
    const { body } = await this.#call('GET', '/listeners?format=json')
    const { listener_statuses = [] } = JSON.parse(body) as ListenersDump
    return listener_statuses.map(({ local_address: at }) =>
      'pipe' in at
        ? { socketPath: at.pipe.path }
        : { host: at.socket_address.address, port: at.socket_address.port_value },
    )
  }

  /**
   * Responses with clusters that Envoy has refused since its start. To answer, Envoy walks all of its statistics, once
   * it has time.
   */
  async rejectedUpdates(): Promise<number> {
    const { body } = await this.#call('GET', '/stats?filter=^cluster_manager.cds.update_rejected$', DUMP_LIMIT_MS)
    return Number(/: (\d+)/.exec(body)?.[1] ?? 0)
  }

  /**
   * The clusters that Envoy has from the control plane, with the given fields of each. For 10,000 clusters this takes
   * about a second of Envoy's main thread, in which it serves but takes no changes.
   */
  async clusters<T>(fields: readonly string[]): Promise<Array<{ readonly version: string; readonly cluster: T }>> {
    const mask = fields.map((field) => `cluster.${field}`).join(',')
    const dumps = await Promise.all(
      ['dynamic_active_clusters', 'dynamic_warming_clusters'].map(async (resource) => {
        const path = `/config_dump?resource=${resource}&mask=version_info,${mask}`
        const { status, body } = await this.#call('GET', path, DUMP_LIMIT_MS)
        if (status !== 200) throw new Error(`Envoy's admin interface answered ${path} with ${status}: ${body}`)
        return (JSON.parse(body) as ConfigDump<T>).configs ?? []
      }),
    )
    return dumps.flat().map(({ version_info = '', cluster }) => ({ version: version_info, cluster }))
  }

  async #call(method: 'GET' | 'POST', path: string, timeout = LIMIT_MS): Promise<{ status: number; body: string }> {
    const socketPath = this.#socketPath
    // It may be made after this, and removed later.
    this.#key ??= await readAdminKey(socketPath)
    const key = this.#key
    return new Promise((resolve, reject) => {
      const options = { socketPath, method, path: key === undefined ? path : withKey(path, key), agent: false, timeout }
      const call = request(options, (response) => {
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject)
      })
      call.on('timeout', () => call.destroy(new Error(`Envoy's admin interface did not answer ${path}`)))
      call.on('error', reject)
      call.end()
    })
  }
}
