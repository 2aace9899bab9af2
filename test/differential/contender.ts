import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { PLAIN_NODE } from '../support/environment.js'
import type { Backend } from './backend.js'
import type { BackendName, ListenerName, Setup } from './case.js'
import { canConnect } from './connection.js'
import type { ProgramName } from './surroundings.js'
import { environmentOf, fill, namesOf, PROGRAMS, startBackends } from './surroundings.js'

const START_LIMIT_MS = 60_000
/** For what is not there although the ports are. */
const GRACE_MS = 2_000

/** One of the two proxies, running, with backends of its own. */
export class Contender {
  readonly name: ProgramName
  readonly directory: string
  readonly backends: ReadonlyMap<BackendName, Backend>
  output = ''
  /** What each name in braces stands for. */
  readonly names: Readonly<Record<string, string>>
  readonly #child: ChildProcess

  private constructor(
    name: ProgramName,
    directory: string,
    backends: ReadonlyMap<BackendName, Backend>,
    names: Readonly<Record<string, string>>,
    child: ChildProcess,
  ) {
    this.name = name
    this.directory = directory
    this.backends = backends
    this.names = names
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        this.output += chunk
      })
    }
  }

  /** Starts it, and waits until it serves. */
  static async start(name: ProgramName, setup: Setup, certs: string): Promise<Contender> {
    const directory = await mkdtemp(join(tmpdir(), 'cep-test-'))
    const backends = await startBackends(directory, certs)
    const names = await namesOf(directory, certs, backends)
    for (const [path, content] of Object.entries(setup.files ?? {})) {
      await mkdir(dirname(join(directory, path)), { recursive: true })
      await writeFile(join(directory, path), fill(content, names))
    }
    const options = (setup.options ?? []).map((option) => fill(option, names))
    const ports = [
      ...(options.includes('--socket') ? [] : ['--ip', '127.0.0.1', '--port', names.port ?? '']),
      ...(options.includes('--api-socket') ? [] : ['--api-ip', '127.0.0.1', '--api-port', names.apiPort ?? '']),
      ...(name === 'here' ? ['--workers', '1'] : []),
    ]
    const [command, ...before] = PLAIN_NODE
    const child = spawn(command, [...before, PROGRAMS[name], ...ports, ...options], {
      env: environmentOf(directory, setup.env),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const contender = new Contender(name, directory, backends, names, child)
    await contender.#ready(options).catch(async (error: Error) => {
      await contender.stop()
      throw error
    })
    return contender
  }

  async #ready(options: readonly string[]): Promise<void> {
    const serves = async (listener: ListenerName, limitMs: number) => {
      const deadline = performance.now() + limitMs
      while (!(await canConnect(this.addressOf(listener, options)))) {
        if (!this.running) throw new Error(`${this.name} ended; it printed:\n${this.output}`)
        if (performance.now() > deadline) return false
        await delay(20)
      }
      return true
    }
    // The public one last: it may be tried out before it is there to stay.
    for (const listener of ['api', 'public'] as const) {
      if (await serves(listener, START_LIMIT_MS)) continue
      throw new Error(`${this.name} does not serve its ${listener} listener; it printed:\n${this.output}`)
    }
    // A listener that is missing shows in the cases that connect to it.
    if (options.includes('--redirect-port')) await serves('redirect', GRACE_MS)
    if (options.includes('--metrics-port')) await serves('metrics', GRACE_MS)
  }

  /** The port, or the path of the socket, of a listener. */
  addressOf(listener: ListenerName, options: readonly string[]): number | string {
    const [flag, port] = {
      public: ['--socket', 'port'],
      api: ['--api-socket', 'apiPort'],
      redirect: ['', 'redirectPort'],
      metrics: ['--metrics-socket', 'metricsPort'],
    }[listener] as [string, string]
    const at = options.indexOf(flag)
    return at < 0 ? Number(this.names[port]) : fill(options[at + 1] ?? '', this.names)
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Puts the names back in the place of what they stand for. */
  anonymous(text: string): string {
    let result = text
    for (const [name, value] of Object.entries(this.names)) {
      if (/^\d+$/.test(value)) result = result.replace(new RegExp(`(?<!\\d)${value}(?!\\d)`, 'g'), `{${name}}`)
      // In a backend's URL the port is what differs.
      else if (!/^https?:/.test(value)) result = result.replaceAll(value, `{${name}}`)
    }
    return result
  }

  async stop(): Promise<void> {
    if (this.running) {
      this.#child.kill('SIGTERM')
      await once(this.#child, 'exit')
    }
    await Promise.all([...this.backends.values()].map((backend) => backend.stop()))
    await rm(this.directory, { recursive: true, force: true })
  }
}
