import type { ChildProcess } from 'node:child_process'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import type { RequestOptions } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findEnvoy } from '../../src/envoy/binary/find.js'
import { readRelease } from '../../src/envoy/binary/release.js'
import { askAdmin, askWithoutKey } from './admin.js'
import { PLAIN, PLAIN_NODE } from './environment.js'
import { ask } from './http.js'
import { CLI } from './proxy.js'
import { eventually } from './wait.js'

/**
 * The public address of Envoys that run side by side on one machine: the same for all, since they have the same listener,
 * and yet another for each, in its own working directory.
 */
export const SOCKET_OF_EACH = '/proc/self/cwd/public.sock'

/** An Envoy that is started with what `bootstrap` prints, as a container of its own would be. */
export class ExternalEnvoy {
  readonly #directory: string
  readonly #binary: string
  #child: ChildProcess | undefined
  output = ''

  /** What requests to its own public address need. */
  readonly at: RequestOptions

  private constructor(directory: string, binary: string, at: RequestOptions | undefined) {
    this.#directory = directory
    this.#binary = binary
    this.at = at ?? { socketPath: join(directory, 'public.sock') }
  }

  /** Makes what it needs; {@link start} follows. */
  static async make(t: Tap, { directory, at, bootstrap }: ExternalEnvoyOptions): Promise<ExternalEnvoy> {
    const { env, arch } = process
    const release = readRelease()
    const { path: binary } = await findEnvoy({ release, explicit: env.ENVOY_PATH, env, arch, progress: () => {} })
    await mkdir(directory, { recursive: true })
    const envoy = new ExternalEnvoy(directory, binary, at)
    t.teardown(() => envoy.kill())
    await envoy.#run(['bootstrap', '--output', envoy.#bootstrap, '--admin-socket', envoy.#admin, ...bootstrap])
    return envoy
  }

  /** Starts it without waiting for anything. */
  start(): void {
    const args = ['--config-path', this.#bootstrap, '--concurrency', '1', '--disable-hot-restart']
    const quiet = ['--log-level', 'warning', '--reject-unknown-dynamic-fields', '--file-flush-interval-msec', '100']
    const [command, ...before] = [...PLAIN, this.#binary] as [string, ...string[]]
    const child = spawn(command, [...before, ...args, ...quiet], {
      cwd: this.#directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        this.output += chunk
      })
    }
    this.#child = child
  }

  /** Starts it and waits until it serves users. */
  async serve(): Promise<void> {
    this.start()
    await this.ready()
  }

  ready(): Promise<void> {
    return eventually(() => this.isReady(), `the Envoy in ${this.#directory} is ready`)
  }

  /** As a readiness probe sees it. */
  async isReady(): Promise<boolean> {
    return ask(0, '/_chp_healthz', this.at).then(
      ({ status }) => status === 200,
      () => false,
    )
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  get #bootstrap(): string {
    return join(this.#directory, 'bootstrap.json')
  }

  get #admin(): string {
    return join(this.#directory, 'admin.sock')
  }

  /** The value of one of its statistics. */
  async stat(name: string): Promise<number> {
    const path = `/stats?filter=^${name.replaceAll('.', '\\.')}$`
    return Number(/: (\d+)/.exec(await askAdmin(this.#admin, path))?.[1])
  }

  /** What the admin interface answers to somebody who doesn't know its key. */
  adminWithoutKey(path: string): Promise<string> {
    return askWithoutKey(this.#admin, path)
  }

  /** Runs `drain` to its end. */
  async drain(seconds: number): Promise<void> {
    await this.#run(['drain', '--admin-socket', this.#admin, '--seconds', String(seconds)])
  }

  async #run(args: readonly string[]): Promise<void> {
    const [command, ...before] = PLAIN_NODE
    await promisify(execFile)(command, [...before, CLI, ...args])
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
}

type Tap = { teardown(fn: () => unknown): unknown }

export interface ExternalEnvoyOptions {
  /** Its own, in which it runs. */
  readonly directory: string
  /** Where its users come; {@link SOCKET_OF_EACH} unless given. */
  readonly at?: RequestOptions
  /** The arguments of `bootstrap`. */
  readonly bootstrap: readonly string[]
}
