import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { EnvoyAdmin } from '../../envoy/admin.js'
import { drain } from '../../envoy/drain.js'
import { FatalError } from '../../platform/fatal-error.js'
import type { Logger } from '../../platform/log.js'
import type { ProcessIdentity } from '../../platform/processes.js'
import { baseIdOf, ownArguments } from './arguments.js'
import { launch } from './launch.js'
import { EnvoyLogFile } from './log-file.js'
import { forwardFailure, forwardLine } from './log-lines.js'
import { EnvoyProcess } from './process.js'
import { RestartPolicy } from './restart-policy.js'
import type { RuntimeDir } from './runtime-dir.js'

export interface SupervisorOptions {
  readonly binary: string
  readonly dir: RuntimeDir
  /** The arguments of the Envoy that is the so manieth to take another's place. */
  readonly argumentsOf: (epoch: number) => readonly string[]
  /** Makes the files that an Envoy needs to start, wherever they are now. */
  readonly prepare: (epoch: number) => Promise<void>
  /** The listener whose requests are waited for when Envoy is stopped. */
  readonly statPrefix: string
  readonly log: Logger
  /** Which Envoys there are has changed. */
  readonly onChanged: (envoys: readonly ProcessIdentity[]) => void
  /** Envoy can't be kept running. Called once, and never after {@link EnvoySupervisor.close}. */
  readonly onFailed: (error: FatalError) => void
}

const READY_POLL_MS = 20
/** JupyterHub gives up on a proxy that doesn't serve by then. */
const SLOW_START_MS = 10_000
const LAST_LINES = 5

/** Keeps one Envoy running until it is closed. */
export class EnvoySupervisor {
  readonly #options: SupervisorOptions
  readonly #admin: EnvoyAdmin
  readonly #output: EnvoyLogFile
  /** The one that serves is the last; those before it end by themselves when their time to drain is over. */
  readonly #envoys: EnvoyProcess[] = []
  /** The one whose place the last is about to take, and which serves until then. */
  #predecessor: EnvoyProcess | undefined
  /** The last start, which may be under way. */
  #launching: Promise<unknown> = Promise.resolve()
  readonly #restarts = new RestartPolicy()
  #lastLines: string[] = []
  #closing = false

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#admin = new EnvoyAdmin(options.dir.adminSocket)
    const envoyLog = options.log.child({ name: 'Envoy' })
    this.#output = new EnvoyLogFile(options.dir.envoyLogFile, (line) => {
      if (forwardFailure(line, options.log)) return
      this.#lastLines = [...this.#lastLines, line].slice(-LAST_LINES)
      // What Envoy says of being stopped is no news to the one who stopped it.
      if (this.#closing) options.log.debug(line)
      else forwardLine(line, envoyLog)
    })
  }

  /** Starts Envoy. {@link ready} tells when it serves. */
  async start(): Promise<void> {
    this.#lastLines = []
    await this.#launch(0)
  }

  async #launch(epoch: number): Promise<EnvoyProcess> {
    const { binary, argumentsOf, prepare, log } = this.#options
    const start = async () => {
      await prepare(epoch)
      return EnvoyProcess.start(binary, argumentsOf(epoch), this.#output.fd)
    }
    const launching = launch(start, () => this.#closing, log)
    this.#launching = launching.catch(() => {})
    const envoy = await launching
    this.#watch(envoy)
    return envoy
  }

  /** Goes on with Envoys that an earlier control plane has started, the one that serves last. */
  adopt(envoys: readonly EnvoyProcess[]): void {
    for (const envoy of envoys) this.#watch(envoy)
    this.#options.log.info(`Took over Envoy ${this.#current?.pid}, which has gone on serving`)
  }

  /**
   * Sees to it that Envoy runs with the present settings. If what it was started with differs, another takes its place:
   * with the sockets of the one before, so that no connection is refused, if Envoy can.
   *
   * @param tryOut tells why an Envoy can't use the present settings, if so: then the one that runs stays as it is
   */
  async renew(tryOut: () => Promise<string | undefined>): Promise<void> {
    const { argumentsOf, log } = this.#options
    const old = this.#current
    if (old === undefined) return
    const epoch = old.epoch ?? 0
    const wanted = argumentsOf(epoch)
    if (isDeepStrictEqual(ownArguments(old.args), wanted)) return
    const trouble = await tryOut()
    if (this.#closing || !old.isAlive()) return
    if (trouble !== undefined) {
      log.error(
        `Envoy can't use the new settings: ${trouble}. Envoy ${old.pid} serves on with its old settings. Mend them and ` +
          'restart the proxy.',
      )
      return
    }
    if (old.epoch === undefined || baseIdOf(old.args) !== baseIdOf(wanted)) {
      log.warn(`Envoy ${old.pid} has to be restarted with an interruption to get its new settings`)
      this.#forget(old)
      await old.end()
      await this.start()
      return
    }
    this.#predecessor = old
    const next = await this.#launch(epoch + 1)
    const took = await Promise.race([this.#serves(() => this.#current === next), next.ended.then(() => false)])
    this.#predecessor = undefined
    if (took) log.info(`Envoy ${next.pid} took the place of Envoy ${old.pid}, which lets its connections end`)
  }

  /**
   * An Envoy refuses what it can't serve users without. If it is one that is about to take another's place, it is ended
   * and the other serves on.
   *
   * @returns whether it is
   */
  refuseSuccessor(reason: string): boolean {
    const successor = this.#current
    if (!this.#predecessor?.isAlive() || successor === undefined || successor === this.#predecessor) return false
    this.#lastLines = [reason]
    void successor.end().catch((error: Error) => this.#options.log.error(error.message))
    return true
  }

  /** Resolves once Envoy has its configuration and serves; false if it was closed or failed instead. */
  async ready(): Promise<boolean> {
    const slow = setTimeout(() => {
      this.#options.log.warn(`Envoy does not serve after ${SLOW_START_MS / 1000} s, still waiting for it`)
    }, SLOW_START_MS)
    try {
      return await this.#serves(() => true)
    } finally {
      clearTimeout(slow)
    }
  }

  async #serves(isWanted: () => boolean): Promise<boolean> {
    while (!this.#closing && isWanted()) {
      // The one before answers at the same place until the new one is up.
      if ((await this.#admin.isReady()) && (await this.#admin.epoch()) === (this.#current?.epoch ?? 0)) return true
      await delay(READY_POLL_MS)
    }
    return false
  }

  get #current(): EnvoyProcess | undefined {
    return this.#envoys.at(-1)
  }

  #watch(envoy: EnvoyProcess): void {
    this.#envoys.push(envoy)
    this.#changed()
    void envoy.ended.then((how) => this.#ended(envoy, how)).catch((error: Error) => this.#fail(error.message))
  }

  #forget(envoy: EnvoyProcess): void {
    const at = this.#envoys.indexOf(envoy)
    if (at >= 0) this.#envoys.splice(at, 1)
    this.#changed()
  }

  #changed(): void {
    this.#options.onChanged(this.#envoys.flatMap(({ identity }) => identity ?? []))
  }

  async #ended(envoy: EnvoyProcess, how: string): Promise<void> {
    const wasCurrent = envoy === this.#current
    if (this.#closing || !this.#envoys.includes(envoy)) return
    this.#forget(envoy)
    if (!wasCurrent) return
    this.#output.read()
    if (this.#predecessor?.isAlive()) {
      const last = this.#lastLines.join(' | ')
      this.#options.log.error(
        `The Envoy with the new settings ended (${how}): ${last}. The one before serves on with its old settings. ` +
          'Stop and start the proxy to change them.',
      )
      return
    }
    await this.#startAgain(envoy, how)
  }

  async #startAgain(envoy: EnvoyProcess, how: string): Promise<void> {
    const waitMs = this.#restarts.next(envoy.livedMs)
    if (waitMs === undefined) {
      const last = this.#lastLines.join(' | ')
      this.#fail(`Envoy ended ${this.#restarts.failedStarts} times soon after its start (${how}): ${last}`)
      return
    }
    this.#options.log.error(`Envoy has ended (${how}). It is started again${waitMs > 0 ? ` in ${waitMs} ms` : ''}`)
    const since = performance.now()
    // Those before it no longer listen, but hold the sockets that the new one needs. And it may itself be just ending,
    // if the shell that has started it was ended.
    const ending = [envoy, ...this.#envoys.splice(0)]
    await Promise.all([delay(waitMs), ...ending.map((one) => one.end())])
    if (this.#closing) return
    await this.start()
    const started = this.#current
    if (!(await this.ready()) || started !== this.#current) return
    const seconds = ((performance.now() - since) / 1000).toFixed(1)
    this.#options.log.info(`Envoy is back, as process ${started?.pid}: it was away for ${seconds} s`)
  }

  #fail(message: string): void {
    if (this.#closing) return
    this.#closing = true
    this.#options.onFailed(new FatalError(message))
  }

  /** Lets Envoy go on without us. */
  release(): void {
    this.#closing = true
    this.#output.close()
  }

  /**
   * Stops Envoy.
   *
   * @param gently whether to {@link drain} it first
   * @param hurry ends the drain
   */
  async close(gently: boolean, hurry: AbortSignal): Promise<void> {
    this.#closing = true
    const { log } = this.#options
    await this.#launching
    const current = this.#current
    if (gently && !hurry.aborted && current?.isAlive()) {
      const drained = drain(this.#admin, this.#options.statPrefix)
      const cut = new Promise<void>((resolve) => hurry.addEventListener('abort', () => resolve(), { once: true }))
      await Promise.race([drained, current.ended, cut]).catch((error: Error) =>
        log.warn(`Envoy could not be drained: ${error.message}`),
      )
    }
    await Promise.all(this.#envoys.map((envoy) => envoy.end())).catch((error: Error) => log.error(error.message))
    this.#output.close()
  }
}
