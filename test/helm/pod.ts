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
import { imageEnvironment } from './image.js'
import type { Network, PodNetwork } from './network.js'
import type { PodVolumesOptions } from './pod-volumes.js'
import { PodVolumes } from './pod-volumes.js'
import type { Container, Pod, Probe } from './render.js'
import { communicate, container } from './render.js'

const RUN_CONTAINER = join(PACKAGE_ROOT, 'test/helm/container.sh')

export interface PodOptions extends PodVolumesOptions {
  readonly kind: string
  /** Of the Deployment or DaemonSet. */
  readonly workload: string
  readonly network: Network
  /** Addresses by host name. */
  readonly hosts?: Readonly<Record<string, string>>
}

/** A pod of a rendered chart, its containers run as processes: what a kubelet makes of it, without limits of resources. */
export class PodProcess {
  readonly pod: Pod
  readonly #options: PodOptions
  readonly #net: PodNetwork
  readonly #name: string
  readonly #volumes: PodVolumes
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
    this.#volumes = new PodVolumes(this.pod, options)
  }

  static async start(options: PodOptions, name: string): Promise<PodProcess> {
    const pod = new PodProcess(options, await options.network.addPod(), name)
    await pod.#volumes.make()
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
    if (hook !== undefined) await Promise.race([this.exec(name, hook), over])
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

  /**
   * Runs a command in a container, as `kubectl exec` does.
   *
   * @returns what it printed
   * @throws Error if it fails
   */
  async exec(name: string, command: readonly string[]): Promise<string> {
    const target = ['--target', String(await this.#mainPid(name)), '--mount', '--pid', '--net', '--root', '--wd=/']
    const user = ['--setuid=65534', '--setgid=65534']
    const environment = await this.#environmentOf(name)
    const { status, stdout, stderr } = await communicate('nsenter', [
      ...[...target, ...user, 'env', '-i', ...environment, ...command],
    ])
    this.output += stderr
    if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}:\n${this.output}`)
    return stdout
  }

  async #launch(name: string): Promise<ChildProcess> {
    const spec = container(this.pod, name)
    const directory = join(this.#options.directory, `container-${name}-${this.restarts}`)
    await mkdir(directory, { recursive: true })
    const hosts = { localhost: '127.0.0.1', [this.#name]: this.ip, ...this.#options.hosts }
    const mounts = await this.#volumes.mountsOf(spec, hosts)
    await writeFile(join(directory, 'mounts'), mounts.map((line) => `${line}\n`).join(''))
    const own = this.#environment(spec)
    const environment = await this.#environmentOf(name)
    const args = spec.args.map((arg) => arg.replace(/\$\((\w+)\)/g, (reference, name) => own[name] ?? reference))
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

  async #environmentOf(name: string): Promise<string[]> {
    const own = Object.entries(this.#environment(container(this.pod, name)))
    return [...(await imageEnvironment()), ...own.map(([name, value]) => `${name}=${value}`)]
  }

  #environment({ env = [] }: Container): Record<string, string> {
    const { kubernetes } = this.#options
    const fields: Readonly<Record<string, string>> = { 'metadata.name': this.#name, 'status.podIP': this.ip }
    const own = env.map(({ name, value = '', valueFrom: from }) => {
      const secret = from?.secretKeyRef && this.#volumes.secret(from.secretKeyRef.name)[from.secretKeyRef.key]
      return [name, secret ?? fields[from?.fieldRef?.fieldPath ?? ''] ?? value]
    })
    const { ip = '', port = 0 } = kubernetes?.api ?? {}
    const services = { KUBERNETES_SERVICE_HOST: ip, KUBERNETES_SERVICE_PORT: String(port) }
    return { ...(kubernetes && services), ...Object.fromEntries(own) }
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
