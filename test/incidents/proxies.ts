import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ChpProcess } from '../support/chp.js'
import { freePorts } from '../support/ports.js'
import { endProcess, killProcess } from '../support/processes.js'
import { ProxyProcess } from '../support/proxy.js'

/** A proxy that an incident happens to: it can be killed and started again on the same ports, with what is on disk. */
export interface IncidentProxy {
  readonly name: string
  readonly port: number
  readonly apiPort: number
  readonly metricsPort: number
  /** Its processes. */
  pids(): Promise<readonly number[]>
  /** Starts it and waits until both ports accept. */
  start(): Promise<void>
  /** Ends all its processes at once, as the loss of a node does. */
  kill(): Promise<void>
  /** Ends it if it runs and removes what it wrote. */
  stop(): Promise<void>
}

type Ports = readonly [port: number, apiPort: number, metricsPort: number]

/** What this proxy is called among the others. */
export const OWN_NAME = 'this'

/** All that an incident is replayed against: both lines of configurable-http-proxy, and this. */
export async function contenders(): Promise<IncidentProxy[]> {
  const ports = async () => (await freePorts(3)) as unknown as Ports
  return [
    new ChpProxy('CHP 4.6.3', 'configurable-http-proxy-4', await ports()),
    new ChpProxy('CHP 5.3.0', 'configurable-http-proxy', await ports()),
    new OwnProxy(await ports()),
  ]
}

/** configurable-http-proxy as npm has it. */
class ChpProxy implements IncidentProxy {
  readonly name: string
  readonly port: number
  readonly apiPort: number
  readonly metricsPort: number
  readonly #package: string
  #chp: ChpProcess | undefined

  constructor(name: string, packageName: string, [port, apiPort, metricsPort]: Ports) {
    this.name = name
    this.#package = packageName
    this.port = port
    this.apiPort = apiPort
    this.metricsPort = metricsPort
  }

  async pids(): Promise<readonly number[]> {
    return this.#chp === undefined ? [] : [this.#chp.pid]
  }

  async start(): Promise<void> {
    const args = ['--metrics-ip', '127.0.0.1', '--metrics-port', String(this.metricsPort), '--log-level', 'error']
    this.#chp = await ChpProcess.start(args, { packageName: this.#package, ports: [this.port, this.apiPort] })
  }

  async kill(): Promise<void> {
    await this.#chp?.stop('SIGKILL')
    this.#chp = undefined
  }

  stop(): Promise<void> {
    return this.kill()
  }
}

class OwnProxy implements IncidentProxy {
  readonly name = OWN_NAME
  readonly port: number
  readonly apiPort: number
  readonly metricsPort: number
  #directory: string | undefined
  #proxy: ProxyProcess | undefined

  constructor([port, apiPort, metricsPort]: Ports) {
    this.port = port
    this.apiPort = apiPort
    this.metricsPort = metricsPort
  }

  async pids(): Promise<readonly number[]> {
    if (this.#proxy?.child.pid === undefined) return []
    return [this.#proxy.child.pid, await this.#proxy.envoyPid()]
  }

  async start(): Promise<void> {
    this.#directory ??= await mkdtemp(join(tmpdir(), 'cep-test-'))
    const args = ['--metrics-ip', '127.0.0.1', '--metrics-port', String(this.metricsPort), '--log-level', 'error']
    this.#proxy = await ProxyProcess.start(args, {
      runtimeBase: this.#directory,
      ports: [this.port, this.apiPort],
    })
  }

  async kill(): Promise<void> {
    const proxy = this.#proxy
    if (proxy === undefined) return
    // All are signalled before any is waited for; the port is closed only when Envoy has ended.
    const pids = await this.pids()
    for (const pid of pids) killProcess(pid)
    await Promise.all(pids.map(endProcess))
    this.#proxy = undefined
    await proxy.exit()
  }

  async stop(): Promise<void> {
    await this.#proxy?.stop()
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true })
  }
}
