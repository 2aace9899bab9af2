import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../src/proto.js'
import { PLAIN_NODE } from './environment.js'
import { accepts, freePorts } from './ports.js'
import { TOKEN } from './proxy.js'
import { eventually } from './wait.js'

/** The command, as npm has it. */
export const CHP = join(PACKAGE_ROOT, 'node_modules/configurable-http-proxy/bin/configurable-http-proxy')

/** A configurable-http-proxy of its own, to compare with. */
export class ChpProcess {
  readonly #child: ChildProcess
  readonly port: number
  readonly #apiPort: number

  private constructor(child: ChildProcess, [port, apiPort]: readonly [number, number]) {
    this.#child = child
    this.port = port
    this.#apiPort = apiPort
  }

  /** Starts it and waits until it serves. */
  static async start(): Promise<ChpProcess> {
    const ports = (await freePorts(2)) as [number, number]
    const [command, ...before] = PLAIN_NODE
    const at = [
      '--ip',
      '127.0.0.1',
      '--port',
      String(ports[0]),
      '--api-ip',
      '127.0.0.1',
      '--api-port',
      String(ports[1]),
    ]
    const env = { ...process.env, CONFIGPROXY_AUTH_TOKEN: TOKEN }
    const chp = new ChpProcess(spawn(command, [...before, CHP, ...at], { env, stdio: 'ignore' }), ports)
    try {
      await eventually(
        async () => (await accepts(chp.port)) && (await accepts(chp.#apiPort)),
        'CHP accepts connections',
      )
      return chp
    } catch (error) {
      await chp.stop()
      throw error
    }
  }

  /** Calls the REST API below /api/routes. */
  api(method: string, path: string, body?: object): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.#apiPort}/api/routes${path}`, {
      method,
      headers: { authorization: `token ${TOKEN}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGTERM')
    await once(this.#child, 'exit')
  }
}
