import type { ChildProcess } from 'node:child_process'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { PodNetwork } from '../../test/helm/network.js'
import { PLAIN } from '../../test/support/environment.js'

const run = promisify(execFile)

export type Kind = 'control plane' | 'Envoy' | 'store'

export interface PartOptions {
  readonly kind: Kind
  readonly name: string
  /** Its network; undefined for that of this process, from which it can't be cut off. */
  readonly network: PodNetwork | undefined
  /** The end of its network's cable at this side. */
  readonly cable: string
  readonly command: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly directory: string
}

/** A process to which things happen. */
export class Part {
  readonly options: PartOptions
  #child: ChildProcess | undefined
  /** What is the matter with it; undefined if nothing is. */
  trouble: 'killed' | 'frozen' | 'cut off' | undefined
  /** When its last trouble was over. */
  wellSince = 0

  constructor(options: PartOptions) {
    this.options = options
  }

  get name(): string {
    return this.options.name
  }

  /** The file with all that it has said. */
  get log(): string {
    return join(this.options.directory, `${this.name}.log`)
  }

  start(): void {
    const { network, command, env, directory } = this.options
    const inside = network === undefined ? [] : ['nsenter', '--target', String(network.pid), '--net']
    const [program, ...args] = [...PLAIN, ...inside, ...command] as [string, ...string[]]
    const log = openSync(this.log, 'a')
    this.#child = spawn(program, args, {
      cwd: directory,
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log],
    })
    closeSync(log)
  }

  get isRunning(): boolean {
    const child = this.#child
    return child !== undefined && child.exitCode === null && child.signalCode === null
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined || !this.isRunning) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  /** Does something bad to it. */
  async suffer(trouble: NonNullable<Part['trouble']>): Promise<void> {
    this.trouble = trouble
    if (trouble === 'killed') await this.kill()
    else if (trouble === 'frozen') this.#child?.kill('SIGSTOP')
    else await run('ip', ['link', 'set', this.options.cable, 'down'])
  }

  /** Ends what {@link suffer} began. */
  async recover(): Promise<void> {
    if (this.trouble === 'killed') this.start()
    else if (this.trouble === 'frozen') this.#child?.kill('SIGCONT')
    else if (this.trouble === 'cut off') await run('ip', ['link', 'set', this.options.cable, 'up'])
    this.trouble = undefined
    this.wellSince = performance.now()
  }
}
