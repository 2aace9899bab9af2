import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../src/platform/package.js'
import { PLAIN_NODE } from './environment.js'
import { accepts, freePorts } from './ports.js'
import { TOKEN } from './proxy.js'
import { eventually } from './wait.js'

/** The command of the present version, as npm has it. */
export const CHP = commandOf('configurable-http-proxy')

function commandOf(packageName: string): string {
  return join(PACKAGE_ROOT, 'node_modules', packageName, 'bin/configurable-http-proxy')
}

export interface ChpOptions {
  /** Another version's, by the name that npm has it under here. */
  readonly packageName?: string
  /** The public port and the API's, in place of free ones. */
  readonly ports?: readonly [number, number]
  /** A command that gives its place to the one that follows, with its arguments. */
  readonly before?: readonly string[]
}

/** A configurable-http-proxy of its own, to compare with. */
export class ChpProcess {
  readonly #child: ChildProcess
  readonly port: number
  readonly apiPort: number
  #output = ''

  private constructor(child: ChildProcess, [port, apiPort]: readonly [number, number]) {
    this.#child = child
    this.port = port
    this.apiPort = apiPort
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        this.#output += chunk
      })
    }
  }

  /** Starts it and waits until it serves. */
  static async start(args: readonly string[] = [], options: ChpOptions = {}): Promise<ChpProcess> {
    const { packageName, ports } = options
    const [port, apiPort] = ports ?? ((await freePorts(2)) as [number, number])
    const [command, ...before] = [...(options.before ?? []), ...PLAIN_NODE] as [string, ...string[]]
    const script = packageName === undefined ? CHP : commandOf(packageName)
    const at = ['--ip', '127.0.0.1', '--port', String(port), '--api-ip', '127.0.0.1', '--api-port', String(apiPort)]
    const env = { ...process.env, CONFIGPROXY_AUTH_TOKEN: TOKEN }
    const child = spawn(command, [...before, script, ...at, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const chp = new ChpProcess(child, [port, apiPort])
    try {
      await eventually(async () => {
        if (!chp.#isRunning) throw new Error('CHP ended')
        return (await accepts(chp.port)) && (await accepts(chp.apiPort))
      }, 'CHP accepts connections')
      return chp
    } catch (error) {
      await chp.stop()
      throw new Error(`${(error as Error).message}; it printed:\n${chp.#output}`)
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Calls the REST API below /api/routes. */
  api(method: string, path: string, body?: object): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.apiPort}/api/routes${path}`, {
      method,
      headers: { authorization: `token ${TOKEN}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }

  /** Ends it if it runs. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.#isRunning) return
    this.#child.kill(signal)
    await once(this.#child, 'exit')
  }

  get #isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }
}
