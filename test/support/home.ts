import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Backend } from './backend.js'
import { freePorts } from './ports.js'
import { processesWith } from './processes.js'
import { ProxyProcess } from './proxy.js'
import { eventually } from './wait.js'

type Tap = { teardown(fn: () => unknown): unknown }

/** A proxy that can be killed and started again with the same state, and a backend for its routes. */
export class Home {
  readonly backend: Backend
  readonly runtimeBase: string
  readonly stateDir: string
  readonly ports: readonly [number, number]
  readonly #before: readonly string[]
  readonly #started: ProxyProcess[] = []

  private constructor(
    backend: Backend,
    directory: string,
    ports: readonly [number, number],
    before: readonly string[],
  ) {
    this.#before = before
    this.backend = backend
    this.runtimeBase = directory
    this.stateDir = join(directory, 'state')
    this.ports = ports
  }

  /** @param before a command that each start goes through, with its arguments */
  static async make(t: Tap, before: readonly string[] = []): Promise<Home> {
    const directory = await mkdtemp(join(tmpdir(), 'cep-test-'))
    const home = new Home(await Backend.start('a'), directory, (await freePorts(2)) as [number, number], before)
    t.teardown(async () => {
      for (const proxy of home.#started.reverse()) await proxy.stop()
      if (await home.#isSomethingLeft()) await home.run(['stop'])
      await home.backend.stop()
      await rm(directory, { recursive: true, force: true })
    })
    return home
  }

  /** An orderly end leaves neither a runtime directory nor processes. */
  async #isSomethingLeft(): Promise<boolean> {
    const entries = await readdir(this.runtimeBase)
    return (
      entries.includes('configurable-envoy-proxy') ||
      (await processesWith(`XDG_RUNTIME_DIR=${this.runtimeBase}`)).length > 0
    )
  }

  /** Starts it without waiting for anything. */
  async spawn(args: readonly string[] = [], ports = this.ports): Promise<ProxyProcess> {
    const proxy = await ProxyProcess.spawn([...args, '--state-dir', this.stateDir], {
      runtimeBase: this.runtimeBase,
      ports,
      before: this.#before,
    })
    this.#started.push(proxy)
    return proxy
  }

  /** Starts it and waits until it has said that it serves. */
  async start(args: readonly string[] = [], ports = this.ports): Promise<ProxyProcess> {
    const proxy = await this.spawn(args, ports)
    await eventually(() => {
      if (proxy.child.exitCode !== null) throw new Error(`the proxy ended: ${proxy.output}`)
      return proxy.output.includes('Proxy API at')
    }, 'it has started')
    return proxy
  }

  /** Runs it to its end. */
  async run(args: readonly string[]): Promise<ProxyProcess> {
    const proxy = await this.spawn(args)
    await proxy.exit()
    return proxy
  }
}

/** As the kernel does it when there is no memory left. */
export async function kill(proxy: ProxyProcess): Promise<void> {
  proxy.child.kill('SIGKILL')
  await proxy.exit()
}
