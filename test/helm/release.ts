import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { ApiServer } from '../kubernetes/api-server.js'
import { KINDS, pathOf } from '../kubernetes/resources.js'
import { temporaryDirectory } from '../support/directory.js'
import type { Manifest } from './render.js'
import { CHART, communicate, RELEASE, Rendering } from './render.js'
import type { HelmTools } from './tools.js'

/** An object as the API server has it. */
export type StoredObject = Manifest & {
  readonly apiVersion: string
  readonly type?: string
  readonly metadata: { readonly uid: string; readonly resourceVersion: string }
}

/** A release of the chart, made by Helm in a namespace of a real API server. */
export class Release {
  readonly namespace: string
  readonly #api: ApiServer
  readonly #helm: string
  readonly #directory: string

  private constructor(api: ApiServer, helm: string, namespace: string, directory: string) {
    this.#api = api
    this.#helm = helm
    this.namespace = namespace
    this.#directory = directory
  }

  /**
   * In a new namespace, in which pods must be restricted.
   *
   * @param directory of all releases, for what Helm keeps
   */
  static async in(api: ApiServer, { helm }: HelmTools, namespace: string, directory: string): Promise<Release> {
    await mkdir(directory, { recursive: true })
    await writeFile(join(directory, 'kubeconfig'), api.kubeconfig)
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
    await api.call('POST', '/api/v1/namespaces', { metadata: { name: namespace, labels } })
    // A controller makes it, which isn't here.
    await api.call('POST', pathOf('ServiceAccount', namespace), { metadata: { name: 'default' } })
    return new Release(api, helm, namespace, directory)
  }

  /** @returns what Helm prints. @throws Error with what it says, if it fails */
  async helm(args: readonly string[], input = ''): Promise<string> {
    const places = ['HELM_CACHE_HOME', 'HELM_CONFIG_HOME', 'HELM_DATA_HOME', 'KUBECACHEDIR']
    const own = places.map((name) => `${name}=${join(this.#directory, name)}`)
    const at = ['--namespace', this.namespace, '--kubeconfig', join(this.#directory, 'kubeconfig')]
    const { status, stdout, stderr } = await communicate('env', [...own, this.#helm, ...args, ...at], input)
    if (status !== 0) throw new Error(`helm ${args.join(' ')}: ${stderr}`)
    return stdout
  }

  /** Installs it, or makes the upgrade to other values or another chart. */
  upgrade(values: object, chart = CHART): Promise<string> {
    return this.helm(['upgrade', '--install', RELEASE, chart, '--values', '-'], stringify(values))
  }

  uninstall(): Promise<string> {
    return this.helm(['uninstall', RELEASE])
  }

  /** What Helm has made of the chart. */
  async rendering(): Promise<Rendering> {
    return new Rendering(await this.helm(['get', 'manifest', RELEASE]))
  }

  /** Everything in the namespace that is not Kubernetes' own or Helm's record. */
  async objects(): Promise<readonly StoredObject[]> {
    const lists = await Promise.all(
      KINDS.map(async (kind) => {
        const list = (await this.#api.call('GET', pathOf(kind, this.namespace))) as ObjectList
        return list.items.map((item) => ({ ...item, kind }))
      }),
    )
    return lists.flat().filter(({ type, metadata }) => type !== 'helm.sh/release.v1' && metadata.name !== 'default')
  }
}

interface ObjectList {
  readonly items: readonly StoredObject[]
}

/** Of one test, for {@link Release.in}. */
export async function helmDirectory(t: { teardown(fn: () => unknown): unknown }): Promise<string> {
  return join(await temporaryDirectory(t), 'helm')
}

export const nameOf = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.name}`
