import type { Test } from 'tap'
import { DnsServer } from '../support/dns-server.js'
import { eventually } from '../support/wait.js'
import { ask } from './ask.js'
import type { Cluster } from './cluster.js'
import { NODE_IP } from './network.js'
import type { PodProcess } from './pod.js'
import { FULL_NAME, NAMESPACE } from './render.js'

/** Of Kubernetes' own names. */
const TTL_SECONDS = 5

/** The pods of the chart's gateway mode, and what the Services for them lead to. */
export class Gateway {
  readonly #t: Test
  readonly #cluster: Cluster
  readonly #names: DnsServer
  envoys: readonly PodProcess[] = []

  private constructor(t: Test, cluster: Cluster, names: DnsServer) {
    this.#t = t
    this.#cluster = cluster
    this.#names = names
  }

  static async create(t: Test, cluster: Cluster): Promise<Gateway> {
    const names = await DnsServer.start(NODE_IP)
    t.teardown(() => names.close())
    return new Gateway(t, cluster, names)
  }

  async startControlPlane(name: string): Promise<PodProcess> {
    return this.#start('control-plane', name)
  }

  async startEnvoy(name: string): Promise<void> {
    this.envoys = [...this.envoys, await this.#start('envoy', name)]
  }

  async #start(component: string, name: string): Promise<PodProcess> {
    const pod = await this.#cluster.start(`${FULL_NAME}-${component}`, name)
    await eventually(() => pod.ready, `${name} is ready`)
    return pod
  }

  /** Lets Envoys find these control planes, as the Services do. */
  serve(...controlPlanes: readonly PodProcess[]): void {
    const a = controlPlanes.map(({ ip }) => ip)
    for (const service of ['xds', 'members']) {
      this.#names.set(`${FULL_NAME}-${service}.${NAMESPACE}.svc`, { a, ttl: TTL_SECONDS })
    }
  }

  /** A new one is ready before an old one ends. */
  async replaceEnvoys(): Promise<void> {
    for (const old of this.envoys) {
      await this.startEnvoy(`new-${old.ip}`)
      await old.terminate()
      this.envoys = this.envoys.filter((pod) => pod !== old)
    }
  }

  /** Adds a route, which each Envoy must have when that is answered. */
  async add(at: PodProcess, user: string, target: string): Promise<void> {
    const answer = await this.#cluster.api(at, 'POST', `/user/${user}`, { target })
    this.#t.equal(answer.status, 201, answer.body)
    const asked = this.envoys.map(async ({ ip }) => (await ask(`http://${ip}:8000/user/${user}`)).status)
    const expected = this.envoys.map(() => 200)
    this.#t.strictSame(await Promise.all(asked), expected, `each Envoy reaches the server of ${user}, at once`)
  }
}
