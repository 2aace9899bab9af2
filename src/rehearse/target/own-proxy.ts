import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { hostPort } from '../../platform/address.js'
import { FatalError } from '../../platform/fatal-error.js'
import { packageVersion } from '../../platform/package.js'
import { isAlive, signal } from '../../platform/processes.js'
import { startProgram } from '../../platform/spawn.js'
import { ProcessFinder } from '../processes/finder.js'
import type { ProcessRole, ProxyDescription } from '../record.js'
import type { ProxyHandle, ProxyProcess } from '../world.js'
import { accepts } from './accepts.js'
import type { CertificateFiles } from './certificate.js'
import { certificateFiles, makeCertificate } from './certificate.js'
import type { ProxyCommand } from './command.js'
import { proxyCommand } from './command.js'
import { throwIfEnded } from './ended.js'
import type { Guardian } from './guardian.js'
import { MARK, startGuardian } from './guardian.js'
import { versionOf } from './version.js'

const LIMIT_MS = { start: 30_000, stop: 15_000, gone: 10_000 } as const
const LOOK_MS = 50

const LONGEST_BASE = 24

/** How much of what it printed is quoted. */
const QUOTED = 2_000

interface Prepared {
  readonly directory: string
  readonly command: ProxyCommand
  readonly certificate: CertificateFiles | undefined
  readonly mark: string
  readonly guardian: Guardian
}

/** A proxy that the rehearsal starts, with all its files in a directory of its own. */
export class OwnProxy implements ProxyHandle {
  readonly isOwn = true
  readonly token = randomBytes(24).toString('hex')
  readonly mark: string
  readonly kind: ProxyHandle['kind']
  readonly certificate: CertificateFiles | undefined
  readonly #directory: string
  readonly #command: ProxyCommand
  readonly #finder: ProcessFinder
  readonly #guardian: Guardian
  #child: ChildProcess | undefined
  #starting: Promise<void> | undefined
  #output = ''
  /** Whatever ends the rehearsal, its proxy ends with it; the guardian is for what ends it from one moment to the next. */
  readonly #onExit = () => this.#killAll()

  private constructor({ directory, command, certificate, mark, guardian }: Prepared) {
    this.#directory = directory
    this.#command = command
    this.mark = mark
    this.#finder = new ProcessFinder({ variable: { name: MARK, value: mark } })
    this.#guardian = guardian
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
    try {
      const certificate = withTls ? certificateFiles(directory) : undefined
      if (certificate !== undefined) await makeCertificate(certificate)
      const command = await proxyCommand(text, { defaultTarget, certificate })
      const mark = randomBytes(8).toString('hex')
      return new OwnProxy({ directory, command, certificate, mark, guardian: await startGuardian(mark, directory) })
    } catch (error) {
      await rm(directory, { recursive: true, force: true })
      throw error
    }
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
    const version = kind === 'this' ? packageVersion() : await versionOf(this.#command.words)
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

  /** @param over ends the wait, with an error */
  start(over?: AbortSignal): Promise<void> {
    this.#starting ??= this.#start(over).finally(() => {
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
    this.#guardian.done()
  }

  #killAll(): void {
    for (const one of this.#finder.find()) signal(one, 'SIGKILL')
  }

  async #start(over: AbortSignal | undefined): Promise<void> {
    if (this.isRunning) return
    const [program = '', ...args] = this.#command.words
    await mkdir(this.#state, { recursive: true })
    this.#output = ''
    this.#child = await startProgram(program, args, {
      // Ctrl-C in a terminal is for the rehearsal alone, which ends the proxy when it has reported.
      ...{ detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
      env: { ...process.env, ...this.#environment() },
    }).catch((error: NodeJS.ErrnoException) => {
      throw new FatalError(
        error.code === 'ENOENT'
          ? `There is no program ${program}: install it, or give its path in --proxy-command.`
          : `The proxy can't be started: ${error.message}. Its command is ${this.#command.words.join(' ')}`,
      )
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (part) => {
        this.#output = (this.#output + part).slice(-QUOTED)
      })
    }
    await this.#accepts(over)
  }

  #environment(): NodeJS.ProcessEnv {
    return {
      ...{ [MARK]: this.mark, CONFIGPROXY_AUTH_TOKEN: this.token },
      ...{ XDG_RUNTIME_DIR: this.#directory, XDG_STATE_HOME: this.#state },
    }
  }

  get #state(): string {
    return join(this.#directory, 'state')
  }

  async #accepts(over: AbortSignal | undefined): Promise<void> {
    const { host, port, apiPort } = this.#command
    const begun = performance.now()
    while (!((await accepts(host, port)) && (await accepts('127.0.0.1', apiPort)))) {
      if (over !== undefined) throwIfEnded(over)
      const printed = `It printed: ${this.#output.trim().replaceAll('\n', ' / ') || 'nothing'}`
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
}

/** Where its directory is made: the paths of unix sockets in it have a limit. */
function base(): string {
  return tmpdir().length > LONGEST_BASE ? '/tmp' : tmpdir()
}
