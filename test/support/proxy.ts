import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { locateRuntimeDir } from '../../src/data-plane/embedded/runtime-dir.js'
import { PLAIN_NODE } from './environment.js'
import { accepts, freePorts } from './ports.js'
import type { RunningProcess } from './processes.js'
import { processesWith } from './processes.js'
import { eventually } from './wait.js'

export const CLI = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))
export const TOKEN = 'a-token-of-the-tests'

/** What of its files is meant to stay when it has ended: the name of a directory in its runtimeBase. */
export const STATE = 'state'

/** The command as a user runs it, with all its files in a directory of its own. */
export class ProxyProcess {
  readonly child: ChildProcess
  readonly runtimeBase: string
  readonly port: number
  readonly apiPort: number
  /** All that it printed so far, to both outputs. */
  output = ''
  readonly #ownsRuntimeBase: boolean

  private constructor(child: ChildProcess, runtimeBase: string, owns: boolean, ports: readonly [number, number]) {
    this.child = child
    this.runtimeBase = runtimeBase
    this.#ownsRuntimeBase = owns
    ;[this.port, this.apiPort] = ports
    child.stdout?.on('data', (chunk) => {
      this.output += chunk
    })
    child.stderr?.on('data', (chunk) => {
      this.output += chunk
    })
  }

  /** Starts it without waiting for anything. */
  static async spawn(args: readonly string[] = [], options: SpawnOptions = {}): Promise<ProxyProcess> {
    const runtimeBase = options.runtimeBase ?? (await mkdtemp(join(tmpdir(), 'cep-test-')))
    const ports = options.ports ?? ((await freePorts(2)) as [number, number])
    const own = [
      ...(args.includes('--socket') ? [] : ['--ip', '127.0.0.1', '--port', String(ports[0])]),
      ...['--api-ip', '127.0.0.1', '--api-port', String(ports[1])],
    ]
    const env = {
      ...process.env,
      XDG_RUNTIME_DIR: runtimeBase,
      XDG_STATE_HOME: join(runtimeBase, STATE),
      CONFIGPROXY_AUTH_TOKEN: TOKEN,
      ...options.env,
    }
    const [command, ...before] = [...(options.before ?? []), ...PLAIN_NODE] as [string, ...string[]]
    const child = spawn(command, [...before, CLI, ...own, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    return new ProxyProcess(child, runtimeBase, options.runtimeBase === undefined, ports)
  }

  /** Starts it and waits until it serves. */
  static async start(args: readonly string[] = [], options: SpawnOptions = {}): Promise<ProxyProcess> {
    const proxy = await ProxyProcess.spawn(args, options)
    try {
      await eventually(async () => {
        if (proxy.child.exitCode !== null) throw new Error('the proxy ended')
        // Where one of them is a socket, what it says must do.
        if (args.includes('--socket') || args.includes('--api-socket')) return proxy.output.includes('Proxy API at')
        return (await accepts(proxy.port)) && (await accepts(proxy.apiPort))
      }, 'both ports accept connections')
      return proxy
    } catch (error) {
      await proxy.stop()
      throw new Error(`${(error as Error).message}; it printed:\n${proxy.output}`)
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** The private directory of its sockets. */
  get runtimeDir(): string {
    const { spawnargs } = this.child
    const at = spawnargs.indexOf('--state-dir')
    const stateDir = at < 0 ? undefined : spawnargs[at + 1]
    const publicAddress = `127.0.0.1-${this.port}`
    return locateRuntimeDir({ stateDir, publicAddress }, { XDG_RUNTIME_DIR: this.runtimeBase }).path
  }

  /** The Envoy that serves, once there is one: of those that took each other's place, the last. */
  async envoyPid(): Promise<number> {
    let newest: RunningProcess | undefined
    await eventually(async () => {
      newest = (await this.envoys()).sort((one, other) => epoch(other) - epoch(one))[0]
      return newest !== undefined
    }, 'an Envoy runs')
    return newest?.pid ?? 0
  }

  /** All its Envoys, those of control planes that have died included. */
  async envoys(): Promise<RunningProcess[]> {
    const running = await processesWith(`XDG_RUNTIME_DIR=${this.runtimeBase}`)
    return running.filter(({ command }) => command[1] === '--config-path')
  }

  /** All processes of this runtime directory whose command has a text in it, but for the control planes. */
  async processes(text = ''): Promise<RunningProcess[]> {
    const running = await processesWith(`XDG_RUNTIME_DIR=${this.runtimeBase}`)
    return running.filter(({ command }) => command.join(' ').includes(text) && !command.includes(CLI))
  }

  /** Calls the REST API below /api/routes. */
  api(method: string, path: string, body?: unknown, token: string | undefined = TOKEN): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.apiPort}/api/routes${path}`, {
      method,
      headers: token === undefined ? {} : { authorization: `token ${token}` },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  }

  /** Adds a route, which must succeed. */
  async route(routespec: string, target: string, data: object = {}): Promise<void> {
    const response = await this.api('POST', routespec, { ...data, target })
    if (response.status !== 201) throw new Error(`POST ${routespec}: ${response.status} ${await response.text()}`)
  }

  /** Waits for its end and says how it ended. */
  async exit(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit')
    return { code: this.child.exitCode, signal: this.child.signalCode }
  }

  /** Stops it if it runs, and removes its files. */
  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGTERM')
    await this.exit()
    if (this.#ownsRuntimeBase) await rm(this.runtimeBase, { recursive: true, force: true })
  }
}

function epoch({ command }: RunningProcess): number {
  return Number(command[command.indexOf('--restart-epoch') + 1])
}

export interface SpawnOptions {
  readonly env?: NodeJS.ProcessEnv
  /** A directory to use in place of a fresh one; the caller removes it. */
  readonly runtimeBase?: string
  /** The public port and the API's, in place of free ones. */
  readonly ports?: readonly [number, number]
  /** A command that gives its place to the one that follows, with its arguments. */
  readonly before?: readonly string[]
}
