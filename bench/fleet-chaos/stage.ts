import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { findEnvoy } from '../../src/envoy/binary/find.js'
import { readRelease } from '../../src/envoy/binary/release.js'
import { TlsFiles } from '../../test/external/fleet.js'
import type { Network, PodNetwork } from '../../test/helm/network.js'
import { communicate } from '../../test/helm/render.js'
import type { InPod } from '../../test/kubernetes/pods.js'
import { Authority } from '../../test/support/certificate.js'
import { CLI, TOKEN } from '../../test/support/proxy.js'
import { Part } from './part.js'
import type { Asked } from './traffic.js'

/** The name in the certificates of the control planes. */
const SERVER_NAME = 'fleet'
const PORTS = { xds: 18_000, api: 8_001, public: 8_000, etcd: 2_379, peer: 2_380 } as const

export interface StageOptions {
  readonly network: Network
  readonly directory: string
  readonly onEnd: (step: () => unknown) => void
}

interface Pod {
  readonly pod: PodNetwork
  readonly cable: string
}

/** Starts the parts, each in a network of its own. */
export class Stage {
  readonly #options: StageOptions
  readonly #authority: Authority
  readonly #server: TlsFiles
  #pods = 0
  readonly parts: Part[] = []

  private constructor(options: StageOptions, authority: Authority, server: TlsFiles) {
    this.#options = options
    this.#authority = authority
    this.#server = server
  }

  static async make(options: StageOptions): Promise<Stage> {
    const authority = await Authority.make()
    options.onEnd(() => authority.remove())
    const certificate = await authority.issue({ names: `DNS:${SERVER_NAME}` })
    return new Stage(
      options,
      authority,
      await TlsFiles.make(join(options.directory, 'tls'), certificate, authority.cert),
    )
  }

  async #pod(): Promise<Pod> {
    const { network, onEnd } = this.#options
    const pod = await network.addPod()
    this.#pods += 1
    onEnd(() => pod.remove())
    return { pod, cable: `pod${this.#pods}` }
  }

  async #add(options: Omit<ConstructorParameters<typeof Part>[0], 'directory'>): Promise<Part> {
    const directory = join(this.#options.directory, options.name)
    await mkdir(directory, { recursive: true })
    const part = new Part({ ...options, directory })
    this.parts.push(part)
    this.#options.onEnd(() => part.kill())
    part.start()
    return part
  }

  /** @returns the members' URLs */
  async etcd(count: number): Promise<readonly string[]> {
    const pods: Pod[] = []
    while (pods.length < count) pods.push(await this.#pod())
    const cluster = pods.map(({ pod }, index) => `etcd-${index + 1}=http://${pod.ip}:${PORTS.peer}`).join(',')
    for (const [index, { pod, cable }] of pods.entries()) {
      const [name, url] = [`etcd-${index + 1}`, (port: number) => `http://${pod.ip}:${port}`]
      const command = [
        ...['etcd', `--name=${name}`, '--data-dir=data', '--log-level=error', '--logger=zap', '--unsafe-no-fsync'],
        ...[`--listen-client-urls=${url(PORTS.etcd)}`, `--advertise-client-urls=${url(PORTS.etcd)}`],
        ...[`--listen-peer-urls=${url(PORTS.peer)}`, `--initial-advertise-peer-urls=${url(PORTS.peer)}`],
        `--initial-cluster=${cluster}`,
      ]
      await this.#add({ kind: 'store', name, network: pod, cable, command })
    }
    return pods.map(({ pod }) => `http://${pod.ip}:${PORTS.etcd}`)
  }

  /**
   * @param store the options of the store
   * @param inPod what a pod of Kubernetes has; undefined for none
   */
  async member(
    index: number,
    store: readonly string[],
    hub: string,
    inPod?: InPod,
  ): Promise<Asked & { readonly xds: string }> {
    const { pod, cable } = await this.#pod()
    const name = `control-plane-${index + 1}`
    const { ip } = pod
    const xds = `${ip}:${PORTS.xds}`
    const command = [
      ...[...(inPod?.before ?? []), process.execPath, CLI, '--envoy-mode=external', `--xds-address=${xds}`],
      ...[`--port=${PORTS.public}`, '--ip=0.0.0.0', `--api-ip=${ip}`, `--api-port=${PORTS.api}`],
      ...[...this.#server.options, ...store, `--default-target=${hub}`, '--log-level=warn'],
    ]
    const env = { ...this.#env(name), ...inPod?.env }
    const part = await this.#add({ kind: 'control plane', name, network: pod, cable, command, env })
    return { part, url: `http://${ip}:${PORTS.api}`, xds }
  }

  #env(name: string): NodeJS.ProcessEnv {
    const directory = join(this.#options.directory, name)
    return { CONFIGPROXY_AUTH_TOKEN: TOKEN, XDG_RUNTIME_DIR: directory, XDG_STATE_HOME: directory }
  }

  /** @param xds where the control planes are */
  async envoy(index: number, xds: readonly string[]): Promise<Asked> {
    const { pod, cable } = await this.#pod()
    const name = `envoy-${index + 1}`
    const directory = join(this.#options.directory, name)
    const certificate = await this.#authority.issue({ names: `DNS:${name}` })
    const tls = await TlsFiles.make(join(directory, 'tls'), certificate, this.#authority.cert)
    const { status, stderr } = await communicate(process.execPath, [
      ...[CLI, 'bootstrap', '--mode=gateway', `--xds-address=${xds.join(',')}`, `--xds-server-name=${SERVER_NAME}`],
      ...[`--node-id=${name}`, `--output=${directory}/bootstrap.json`, `--admin-socket=${directory}/admin.sock`],
      ...tls.options,
    ])
    if (status !== 0) throw new Error(stderr)
    const { env, arch } = process
    const { path } = await findEnvoy({
      release: readRelease(),
      explicit: env.ENVOY_PATH,
      env,
      arch,
      progress: () => {},
    })
    const command = [
      ...[path, '--config-path', 'bootstrap.json', '--concurrency', '1', '--disable-hot-restart'],
      ...['--log-level', 'error'],
    ]
    const part = await this.#add({ kind: 'Envoy', name, network: pod, cable, command })
    return { part, url: `http://${pod.ip}:${PORTS.public}` }
  }
}
