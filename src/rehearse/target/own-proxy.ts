import type { ChildProcess } from 'node:child_process'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { hostPort } from '../../platform/address.js'
import { FatalError } from '../../platform/fatal-error.js'
import { packageVersion } from '../../platform/package.js'
import { isAlive, signal } from '../../platform/processes.js'
import { startProgram } from '../../platform/spawn.js'
import { ProcessFinder } from '../processes/finder.js'
import type { ProcessRole, ProxyDescription } from '../record.js'
import type { ProxyHandle, ProxyProcess } from '../world.js'
import type { CertificateFiles } from './certificate.js'
import { certificateFiles, makeCertificate } from './certificate.js'
import type { ProxyCommand } from './command.js'
import { proxyCommand } from './command.js'

const LIMIT_MS = { start: 30_000, stop: 15_000, gone: 10_000, version: 10_000 } as const
const LOOK_MS = 50

const LONGEST_BASE = 24

/** How much of what it printed is quoted. */
const QUOTED = 2_000

/** A proxy that the rehearsal starts, with all its files in a directory of its own. */
export class OwnProxy implements ProxyHandle {
  readonly isOwn = true
  readonly token = randomBytes(24).toString('hex')
  readonly mark = randomBytes(8).toString('hex')
  readonly kind: ProxyHandle['kind']
  readonly certificate: CertificateFiles | undefined
  readonly #directory: string
  readonly #command: ProxyCommand
  readonly #finder = new ProcessFinder({ variable: { name: 'CEP_REHEARSAL', value: this.mark } })
  #child: ChildProcess | undefined
  #starting: Promise<void> | undefined
  #output = ''
  /** Whatever ends the rehearsal, its proxy ends with it. */
  readonly #onExit = () => this.#killAll()

  private constructor(directory: string, command: ProxyCommand, certificate: CertificateFiles | undefined) {
    this.#directory = directory
    this.#command = command
    this.kind = command.kind
    this.certificate = certificate
    process.on('exit', this.#onExit)
  }

  /**
   * Prepares one, without starting it.
   *
   * @param text its command; undefined: this program
   * @throws FatalError if the command can't be read, or the certificate not be made
   */
  static async prepare(text: string | undefined, defaultTarget: string, withTls: boolean): Promise<OwnProxy> {
    const directory = await mkdtemp(join(base(), 'cep-'))
    const certificate = withTls ? certificateFiles(directory) : undefined
    if (certificate !== undefined) await makeCertificate(certificate)
    return new OwnProxy(directory, await proxyCommand(text, { defaultTarget, certificate }), certificate)
  }

  get publicUrl(): string {
    const { host, port } = this.#command
    return `${this.certificate === undefined ? 'http' : 'https'}://${hostPort(host, port)}`
  }

  get apiUrl(): string {
    return `http://127.0.0.1:${this.#command.apiPort}`
  }

  /** Whether its first process runs: that which the hub watches. */
  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  async describe(): Promise<ProxyDescription> {
    const { kind, publicUrl, apiUrl } = this
    const names = {
      this: 'configurable-envoy-proxy',
      chp: 'configurable-http-proxy',
      other: this.#command.words[0] ?? '',
    }
    const version = kind === 'this' ? packageVersion() : await this.#version()
    return { kind, name: names[kind], version, publicUrl, apiUrl, command: this.#command.words }
  }

  async processes(): Promise<readonly ProxyProcess[]> {
    return this.#finder.find()
  }

  async kill(roles: readonly ProcessRole[]): Promise<readonly ProxyProcess[]> {
    const found = this.#finder.find().filter(({ role }) => roles.includes(role))
    for (const one of found) signal(one, 'SIGKILL')
    await this.#gone(found)
    return found
  }

  start(): Promise<void> {
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined
    })
    return this.#starting
  }

  async loseDisk(): Promise<void> {
    await rm(this.#state, { recursive: true, force: true })
  }

  /** Ends it as its hub would, and removes all that it wrote. */
  async close(): Promise<void> {
    await this.#starting?.catch(() => {})
    if (this.isRunning) this.#child?.kill('SIGTERM')
    for (let waited = 0; waited < LIMIT_MS.stop && this.#finder.find().length > 0; waited += LOOK_MS)
      await delay(LOOK_MS)
    this.#killAll()
    process.off('exit', this.#onExit)
    await rm(this.#directory, { recursive: true, force: true })
  }

  #killAll(): void {
    for (const one of this.#finder.find()) signal(one, 'SIGKILL')
  }

  async #start(): Promise<void> {
    if (this.isRunning) return
    const [program = '', ...args] = this.#command.words
    await mkdir(this.#state, { recursive: true })
    this.#output = ''
    this.#child = await startProgram(program, args, {
      // Ctrl-C in a terminal is for the rehearsal alone, which ends the proxy when it has reported.
      ...{ detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
      env: { ...process.env, ...this.#environment() },
    }).catch((error: Error) => {
      throw new FatalError(
        `The proxy can't be started: ${error.message}. Its command is ${this.#command.words.join(' ')}`,
      )
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (part) => {
        this.#output = (this.#output + part).slice(-QUOTED)
      })
    }
    await this.#accepts()
  }

  #environment(): NodeJS.ProcessEnv {
    return {
      ...{ CEP_REHEARSAL: this.mark, CONFIGPROXY_AUTH_TOKEN: this.token },
      ...{ XDG_RUNTIME_DIR: this.#directory, XDG_STATE_HOME: this.#state },
    }
  }

  get #state(): string {
    return join(this.#directory, 'state')
  }

  async #accepts(): Promise<void> {
    const { host, port, apiPort } = this.#command
    const begun = performance.now()
    while (!((await accepts(host, port)) && (await accepts('127.0.0.1', apiPort)))) {
      const printed = `It printed: ${this.#output.trim().replaceAll('\n', ' / ')}`
      if (!this.isRunning) throw new FatalError(`The proxy ended before it served. ${printed}`)
      if (performance.now() - begun > LIMIT_MS.start) {
        throw new FatalError(
          `The proxy's ports ${port} and ${apiPort} don't accept after ${LIMIT_MS.start / 1000} s. ${printed}`,
        )
      }
      await delay(LOOK_MS)
    }
  }

  async #gone(processes: readonly ProxyProcess[]): Promise<void> {
    for (let waited = 0; processes.some(isAlive); waited += LOOK_MS) {
      if (waited > LIMIT_MS.gone) throw new Error('a process that was killed is still there after 10 s')
      await delay(LOOK_MS / 5)
    }
  }

  /** What the program answers to `--version`. */
  async #version(): Promise<string | undefined> {
    const { words } = this.#command
    const named = words.findIndex((word) => word.includes('configurable-http-proxy'))
    const end = named < 0 ? words.findIndex((word) => word.startsWith('-')) : named + 1
    const [program = '', ...args] = words.slice(0, end)
    const asked = promisify(execFile)(program, [...args, '--version'], { timeout: LIMIT_MS.version })
    const { stdout } = await asked.catch(() => ({ stdout: '' }))
    return /\d+\.\d+[\w.-]*/.exec(stdout)?.[0]
  }
}

/** Where its directory is made: the paths of unix sockets in it have a limit. */
function base(): string {
  return tmpdir().length > LONGEST_BASE ? '/tmp' : tmpdir()
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
