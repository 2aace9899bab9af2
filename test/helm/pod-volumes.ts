import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import type { ApiServer } from '../kubernetes/api-server.js'
import { cliLink } from './image.js'
import { NODE_IP } from './network.js'
import type { Container, Pod, Rendering } from './render.js'
import { makeVolume } from './volumes.js'

/** The API server that pods can reach, and the namespace that they are in. */
export interface PodKubernetes {
  readonly api: ApiServer
  readonly namespace: string
}

export interface PodVolumesOptions {
  readonly rendering: Rendering
  /** Of its own. */
  readonly directory: string
  /** Envoy's binary. */
  readonly envoy: string
  /** The directory of a persistent volume. */
  readonly claim?: string
  readonly kubernetes?: PodKubernetes
}

/** The volumes of a pod as directories, and which of them a container sees where. */
export class PodVolumes {
  readonly #pod: Pod
  readonly #options: PodVolumesOptions

  constructor(pod: Pod, options: PodVolumesOptions) {
    this.#pod = pod
    this.#options = options
  }

  async make(): Promise<void> {
    for (const { name, secret, projected } of this.#pod.volumes) {
      const files = secret === undefined ? projected && (await this.#account()) : this.secret(secret.secretName)
      await makeVolume(this.#directoryOf(name), files)
    }
  }

  /** What a Secret of the chart has. */
  secret(name: string): Record<string, string> {
    const data = Object.entries(this.#options.rendering.get('Secret', name).data ?? {})
    return Object.fromEntries(data.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]))
  }

  /** As container.sh reads them. @param addresses of host names, beside those of the name server on the node */
  async mountsOf({ volumeMounts }: Container, addresses: Readonly<Record<string, string>>): Promise<string[]> {
    const { directory, envoy } = this.#options
    const file = async (name: string, lines: readonly string[]) => {
      await writeFile(join(directory, name), lines.map((line) => `${line}\n`).join(''))
      return `ro ${join(directory, name)} /etc/${name}`
    }
    return [
      await file(
        'hosts',
        Object.entries(addresses).map(([host, ip]) => `${ip} ${host}`),
      ),
      await file('resolv.conf', [`nameserver ${NODE_IP}`]),
      `ro ${PACKAGE_ROOT} /opt/configurable-envoy-proxy`,
      `ro ${await cliLink(directory)} /usr/local/bin/configurable-envoy-proxy`,
      `ro ${envoy} /usr/local/bin/envoy`,
      ...volumeMounts.map(
        ({ name, mountPath, readOnly }) => `${readOnly ? 'ro' : 'rw'} ${this.#directoryOf(name)} ${mountPath}`,
      ),
    ]
  }

  #directoryOf(name: string): string {
    const volume = this.#pod.volumes.find((candidate) => candidate.name === name)
    const { claim, directory } = this.#options
    if (volume?.persistentVolumeClaim !== undefined && claim !== undefined) return claim
    return join(directory, `volume-${name}`)
  }

  /** The files of the pod's ServiceAccount. */
  async #account(): Promise<Record<string, string>> {
    const { kubernetes } = this.#options
    if (kubernetes === undefined) throw new Error('there is no API server whose token the pod could have')
    const account = await kubernetes.api.account(kubernetes.namespace, this.#pod.serviceAccountName)
    return { token: await account.token(), 'ca.crt': await account.authority(), namespace: account.namespace }
  }
}
