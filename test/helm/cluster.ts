import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { temporaryDirectory } from '../support/directory.js'
import type { Answer } from './ask.js'
import { ask } from './ask.js'
import type { Network } from './network.js'
import { PodProcess } from './pod.js'
import type { PodKubernetes } from './pod-volumes.js'
import type { Rendering } from './render.js'
import { FULL_NAME } from './render.js'
import { makeVolume } from './volumes.js'

/** The pods of one rendering, and what they share. */
export class Cluster {
  readonly hosts: Record<string, string> = {}
  readonly #t: Test
  readonly #network: Network
  readonly #directory: string
  readonly #kubernetes: PodKubernetes | undefined
  /** What new pods are made of. */
  rendering: Rendering

  private constructor(
    t: Test,
    network: Network,
    rendering: Rendering,
    directory: string,
    kubernetes: PodKubernetes | undefined,
  ) {
    this.#network = network
    this.#t = t
    this.rendering = rendering
    this.#directory = directory
    this.#kubernetes = kubernetes
  }

  static async create(t: Test, network: Network, rendering: Rendering, kubernetes?: PodKubernetes): Promise<Cluster> {
    const cluster = new Cluster(t, network, rendering, await temporaryDirectory(t), kubernetes)
    await makeVolume(cluster.#claim)
    await chmod(cluster.#directory, 0o755)
    return cluster
  }

  get #claim(): string {
    return join(this.#directory, 'claim')
  }

  /** @param workload the Deployment whose pod it is */
  async start(workload: string, name: string): Promise<PodProcess> {
    const directory = join(this.#directory, name)
    await mkdir(directory)
    const options = {
      kind: 'Deployment',
      workload,
      network: this.#network,
      envoy: process.env.ENVOY_PATH ?? '',
      directory,
      hosts: this.hosts,
      claim: this.#claim,
      ...(this.#kubernetes && { kubernetes: this.#kubernetes }),
    }
    const pod = await PodProcess.start({ ...options, rendering: this.rendering }, name)
    this.#t.teardown(async () => {
      await pod.destroy()
      if (!this.#t.passing()) this.#t.comment(pod.output.slice(-5_000))
    })
    return pod
  }

  /** Those of the pods to which the Service for users sends connections. */
  endpoints(pods: readonly PodProcess[]): readonly PodProcess[] {
    const all = this.rendering.get('Service', FULL_NAME).spec.publishNotReadyAddresses === true
    return all ? pods : pods.filter(({ ready }) => ready)
  }

  /** Calls the REST API as the hub does. */
  api(pod: PodProcess, method: string, path: string, body?: object): Promise<Answer> {
    return ask(`http://${pod.ip}:8001/api/routes${path}`, {
      method,
      headers: { authorization: `token ${this.token}` },
      ...(body && { body: JSON.stringify(body) }),
    })
  }

  /** Of the REST API. */
  get token(): string {
    return Buffer.from(this.rendering.get('Secret', `${FULL_NAME}-token`).data?.token ?? '', 'base64').toString()
  }
}
