import { join } from 'node:path'
import { TlsFiles } from '../external/fleet.js'
import { Authority } from '../support/certificate.js'
import type { Etcd } from '../support/etcd.js'
import { ExternalEnvoy, SOCKET_OF_EACH } from '../support/external-envoy.js'
import { Home } from '../support/home.js'
import { backendOf } from '../support/http.js'
import { freePorts } from '../support/ports.js'
import type { ProxyProcess } from '../support/proxy.js'
import { eventually } from '../support/wait.js'

type Tap = Parameters<typeof Home.make>[0]

interface Ports {
  readonly xds: number
  readonly api: readonly [number, number]
}

/** What a member answers, and after how long. */
export interface Answered {
  readonly status: number
  readonly body: string
  readonly retryAfter: string | null
  readonly ms: number
}

/** Control planes as processes over one etcd, and what Envoys need to find them. */
export class RealFleet {
  readonly home: Home
  readonly #t: Tap
  readonly #authority: Authority
  readonly #server: TlsFiles
  readonly #etcd: Etcd
  readonly #ports: readonly Ports[]
  readonly members: ProxyProcess[] = []
  readonly envoys: ExternalEnvoy[] = []
  /** The member that a Service sends no calls to any longer, and the one that it is sending one to. */
  #ending: ProxyProcess | undefined
  #called: ProxyProcess | undefined

  private constructor(
    t: Tap,
    parts: { home: Home; authority: Authority; server: TlsFiles; etcd: Etcd; ports: readonly Ports[] },
  ) {
    this.#t = t
    this.home = parts.home
    this.#authority = parts.authority
    this.#server = parts.server
    this.#etcd = parts.etcd
    this.#ports = parts.ports
  }

  /** Nothing is started yet but etcd. */
  static async make(t: Tap, etcd: Etcd, count: number): Promise<RealFleet> {
    const home = await Home.make(t)
    const authority = await Authority.make()
    t.teardown(() => authority.remove())
    const server = await TlsFiles.make(join(home.runtimeBase, 'server-tls'), await authority.issue(), authority.cert)
    const free = await freePorts(3 * count)
    const ports = Array.from({ length: count }, (_, index) => {
      const [xds = 0, port = 0, api = 0] = free.slice(3 * index)
      return { xds, api: [port, api] as const }
    })
    return new RealFleet(t, { home, authority, server, etcd, ports })
  }

  /** Where a member serves Envoys and the other members. */
  xdsAddress(index: number): string {
    return `127.0.0.1:${this.#ports[index]?.xds}`
  }

  /** The options for a certificate that other members don't know as that of one. */
  async strangersTls(): Promise<readonly string[]> {
    const certificate = await this.#authority.issue({ names: 'DNS:envoy-1' })
    const { options } = await TlsFiles.make(join(this.home.runtimeBase, 'stranger'), certificate, this.#authority.cert)
    return options
  }

  /** Starts a member, or starts it again, and waits until it is in its place. */
  async start(index: number, args: readonly string[] = []): Promise<ProxyProcess> {
    const member = await this.begin(index, args)
    await eventually(() => isReady(member), `member ${index + 1} is ready`)
    return member
  }

  /** Starts a member, which says that it serves, but may not be in its place. */
  async begin(index: number, args: readonly string[] = []): Promise<ProxyProcess> {
    const { xds, api } = this.#ports[index] as Ports
    const at = ['--envoy-mode', 'external', '--xds-address', `127.0.0.1:${xds}`, '--socket', SOCKET_OF_EACH]
    const store = ['--storage-backend', 'etcd', '--etcd-endpoints', this.#etcd.endpoints.join(',')]
    // Each control plane sends each Envoy the authorities once; those of Node.js are more than all else here.
    const authorities = ['--client-ssl-ca', this.#authority.file]
    const member = await this.home.start([...at, ...this.#server.options, ...authorities, ...store, ...args], [...api])
    this.members[index] = member
    return member
  }

  /** An Envoy that serves, and knows all members. */
  async envoy(name: string): Promise<ExternalEnvoy> {
    const directory = join(this.home.runtimeBase, name)
    const tls = await TlsFiles.make(join(directory, 'tls'), await this.#authority.issue(), this.#authority.cert)
    const addresses = this.#ports.map(({ xds }) => `127.0.0.1:${xds}`).join(',')
    const at = ['--mode', 'gateway', '--xds-address', addresses, '--node-id', name]
    const envoy = await ExternalEnvoy.make(this.#t, { directory, bootstrap: [...at, ...tls.options] })
    await envoy.serve()
    this.envoys.push(envoy)
    return envoy
  }

  /** Where each Envoy sends a request now: a backend's name, or a status. */
  answers(path: string): Promise<Array<string | number>> {
    return Promise.all(this.envoys.map((envoy) => backendOf(0, path, envoy.at).catch(() => 0)))
  }

  /** The hub asks a Service, which sends the call to a member that is ready and not about to end. */
  async callService(method: string, path: string, body?: object): Promise<Answered> {
    for (const member of this.members) {
      if (member === this.#ending) continue
      this.#called = member
      if (await isReady(member)) return call(member, method, path, body).finally(() => (this.#called = undefined))
    }
    throw new Error('no member is ready')
  }

  /** Ends a member in order. As in Kubernetes, the Service has forgotten it before; calls in flight may end. */
  async stop(index: number): Promise<void> {
    this.#ending = this.members[index]
    await eventually(() => this.#called !== this.#ending, 'the Service has forgotten it')
    await this.#ending?.stop()
  }
}

/** Whether a Service would send calls to it. */
export async function isReady(member: ProxyProcess): Promise<boolean> {
  const signal = AbortSignal.timeout(500)
  return fetch(`http://127.0.0.1:${member.apiPort}/readyz`, { signal }).then(
    ({ status }) => status === 200,
    () => false,
  )
}

/** Calls a member's REST API below /api/routes. */
export async function call(member: ProxyProcess, method: string, path: string, body?: object): Promise<Answered> {
  const begun = performance.now()
  const response = await member.api(method, path, body)
  const text = await response.text()
  const ms = Math.round(performance.now() - begun)
  return { status: response.status, body: text, retryAfter: response.headers.get('retry-after'), ms }
}

/** What an Envoy has got from its control planes since its start, as it counts. */
export async function received(envoy: ExternalEnvoy) {
  const [bytes, added, changed] = await Promise.all([
    envoy.stat('cluster.control_plane.upstream_cx_rx_bytes_total'),
    envoy.stat('cluster_manager.cluster_added'),
    envoy.stat('cluster_manager.cluster_modified'),
  ])
  return { bytes, added, changed }
}
