import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import { PLAIN } from '../support/environment.js'
import { killProcess } from '../support/processes.js'
import { ask } from './ask.js'
import { cliLink, imageEnvironment } from './image.js'
import type { Network, PodNetwork } from './network.js'
import type { Container, Pod, Probe, Rendering } from './render.js'
import { container } from './render.js'
import { makeVolume } from './volumes.js'

const RUN_CONTAINER = join(PACKAGE_ROOT, 'test/helm/container.sh')

export interface PodOptions {
  readonly rendering: Rendering
  readonly kind: string
  /** Of the Deployment or DaemonSet. */
  readonly workload: string
  readonly network: Network
  /** Of its own, for its containers' file systems and volumes. */
  readonly directory: string
  /** Envoy's binary. */
  readonly envoy: string
  /** Addresses by host name, as a cluster's DNS has them. */
  readonly hosts?: Readonly<Record<string, string>>
  /** The directory of a persistent volume. */
  readonly claim?: string
}

/** A pod of a rendered chart, its containers run as processes: what a kubelet makes of it, without limits of resources. */
export class PodProcess {
  readonly pod: Pod
  readonly #options: PodOptions
  readonly #net: PodNetwork
  readonly #name: string
  readonly #running = new Map<string, ChildProcess>()
  #terminating = false
  #misses = 0
  /** By its readiness probes, as the Services see it. */
  ready = false
  restarts = 0
  output = ''

  private constructor(options: PodOptions, net: PodNetwork, name: string) {
    this.#options = options
    this.#net = net
    this.#name = name
    this.pod = options.rendering.pod(options.kind, options.workload)
  }

  static async start(options: PodOptions, name: string): Promise<PodProcess> {
    const pod = new PodProcess(options, await options.network.addPod(), name)
    await pod.#makeVolumes()
    for (const { name } of pod.pod.initContainers ?? []) {
      const [status] = (await once(await pod.#launch(name), 'exit')) as [number | null]
      if (status !== 0) throw new Error(`the init container ${name} ended with ${status}:\n${pod.output}`)
    }
    for (const { name } of pod.pod.containers) await pod.#keepRunning(name)
    void pod.#probe()
    return pod
  }

  get ip(): string {
    return this.#net.ip
  }

  /** Kills a container's process, as an out-of-memory killer does; it is started again. */
  async kill(name: string): Promise<void> {
    killProcess(await this.#mainPid(name))
  }

  /** The pod is deleted: preStop hooks, SIGTERM, and SIGKILL when the time is over. */
  async terminate(): Promise<void> {
    this.#terminating = true
    const over = delay((this.pod.terminationGracePeriodSeconds ?? 30) * 1000, true, { ref: false })
    await Promise.all([...this.#running.keys()].map((name) => this.#stop(name, over)))
    this.ready = false
    this.#net.remove()
  }

  /** At once, for the end of a test. */
  async destroy(): Promise<void> {
    this.#terminating = true
    await Promise.all(
      [...this.#running].map(async ([name, child]) => {
        const exit = once(child, 'exit')
        await this.kill(name)
        await exit
      }),
    )
    this.#net.remove()
  }

  async #stop(name: string, over: Promise<unknown>): Promise<void> {
    const child = this.#running.get(name)
    if (child === undefined) return
    const exit = once(child, 'exit')
    const hook = container(this.pod, name).lifecycle?.preStop.exec.command
    if (hook !== undefined) await Promise.race([this.#exec(name, hook), over])
    process.kill(await this.#mainPid(name), 'SIGTERM')
    if ((await Promise.race([exit, over])) === true) {
      await this.kill(name)
      throw new Error(`${this.#name}: ${name} had to be killed:\n${this.output}`)
    }
  }

  async #keepRunning(name: string): Promise<void> {
    const child = await this.#launch(name)
    this.#running.set(name, child)
    child.once('exit', () => {
      this.#running.delete(name)
      this.ready = false
      if (this.#terminating) return
      this.restarts += 1
      void this.#keepRunning(name)
    })
  }

  /** @throws Error if it fails */
  async #exec(name: string, command: readonly string[]): Promise<void> {
    const target = String(await this.#mainPid(name))
    const inside = [
      '--target',
      target,
      '--mount',
      '--pid',
      '--net',
      '--root',
      '--wd=/',
      '--setuid=65534',
      '--setgid=65534',
    ]
    const child = spawn('nsenter', [...inside, 'env', '-i', ...(await imageEnvironment()), ...command])
    child.stderr.on('data', (chunk) => {
      this.output += chunk
    })
    const [status] = (await once(child, 'exit')) as [number | null]
    if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}:\n${this.output}`)
  }

  async #launch(name: string): Promise<ChildProcess> {
    const spec = container(this.pod, name)
    const directory = join(this.#options.directory, `container-${name}-${this.restarts}`)
    await mkdir(directory, { recursive: true })
    await writeFile(join(directory, 'mounts'), (await this.#mounts(spec)).map((line) => `${line}\n`).join(''))
    const environment = [...(await imageEnvironment()), ...this.#environment(spec)]
    const args = spec.args.map((arg) => arg.replaceAll('$(POD_NAME)', this.#name))
    const [env, ...before] = PLAIN
    const isolated = ['--mount', '--ipc', '--pid', '--fork']
    const child = spawn(
      env,
      [...before, 'nsenter', '--target', String(this.#net.pid), '--net', 'unshare', ...isolated].concat(
        [RUN_CONTAINER, directory, 'env', '-i', ...environment],
        [...spec.command, ...args],
      ),
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        this.output += `${this.#name} ${name}: ${chunk}`
      })
    }
    return child
  }

  #environment({ env = [] }: Container): string[] {
    return env.map(({ name, value, valueFrom }) => {
      const secret = valueFrom?.secretKeyRef
      if (secret !== undefined) return `${name}=${this.#secret(secret.name)[secret.key]}`
      if (valueFrom?.fieldRef?.fieldPath === 'metadata.name') return `${name}=${this.#name}`
      return `${name}=${value}`
    })
  }

  async #mounts({ volumeMounts }: Container): Promise<string[]> {
    const hosts = join(this.#options.directory, 'hosts')
    const entries = Object.entries({ localhost: '127.0.0.1', [this.#name]: this.ip, ...this.#options.hosts })
    await writeFile(hosts, entries.map(([host, ip]) => `${ip} ${host}\n`).join(''))
    return [
      `ro ${PACKAGE_ROOT} /opt/configurable-envoy-proxy`,
      `ro ${await cliLink(this.#options.directory)} /usr/local/bin/configurable-envoy-proxy`,
      `ro ${this.#options.envoy} /usr/local/bin/envoy`,
      `ro ${hosts} /etc/hosts`,
      ...volumeMounts.map(({ name, mountPath, readOnly }) => {
        return `${readOnly ? 'ro' : 'rw'} ${this.#volume(name)} ${mountPath}`
      }),
    ]
  }

  #volume(name: string): string {
    const volume = this.pod.volumes.find((candidate) => candidate.name === name)
    if (volume?.persistentVolumeClaim !== undefined && this.#options.claim !== undefined) return this.#options.claim
    return join(this.#options.directory, `volume-${name}`)
  }

  async #makeVolumes(): Promise<void> {
    for (const { name, secret } of this.pod.volumes) {
      await makeVolume(this.#volume(name), secret && this.#secret(secret.secretName))
    }
  }

  #secret(name: string): Record<string, string> {
    const data = Object.entries(this.#options.rendering.get('Secret', name).data ?? {})
    return Object.fromEntries(data.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]))
  }

  /** The process that is number 1 in the container. */
  async #mainPid(name: string): Promise<number> {
    const pid = this.#running.get(name)?.pid
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return Number(children.trim().split(' ')[0])
  }

  async #probe(): Promise<void> {
    const probes = this.pod.containers.flatMap((spec) =>
      spec.readinessProbe ? [{ spec, probe: spec.readinessProbe }] : [],
    )
    const periodMs = Math.min(...probes.map(({ probe }) => probe.periodSeconds ?? 10)) * 1000
    const misses = Math.max(...probes.map(({ probe }) => probe.failureThreshold ?? 3))
    while (!this.#terminating || this.#running.size > 0) {
      const passed = await Promise.all(probes.map(({ spec, probe }) => this.#passes(spec, probe)))
      this.#misses = passed.every(Boolean) ? 0 : this.#misses + 1
      if (this.#misses === 0) this.ready = true
      if (this.#misses >= misses) this.ready = false
      await delay(periodMs, undefined, { ref: false })
    }
  }

  async #passes({ ports = [] }: Container, { httpGet: { path, port } }: Probe): Promise<boolean> {
    const number = ports.find(({ name }) => name === port)?.containerPort
    return (await ask(`http://${this.ip}:${number}${path}`)).status === 200
  }
}
