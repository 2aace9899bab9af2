import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { EnvoyAdmin } from '../../envoy/admin.js'
import { closeAndWait } from '../../envoy/drain.js'
import { FatalError } from '../../platform/fatal-error.js'
import type { Logger } from '../../platform/log.js'
import type { ProcessIdentity } from '../../platform/processes.js'
import { baseIdOf, ownArguments } from './arguments.js'
import { launch } from './launch.js'
import { EnvoyOutput } from './output.js'
import { EnvoyProcess } from './process.js'
import { serves, warnIfSlow } from './readiness.js'
import { RestartPolicy } from './restart-policy.js'
import { RunningEnvoys } from './running.js'
import type { RuntimeDir } from './runtime-dir.js'

export interface SupervisorOptions {
  readonly binary: string
  readonly dir: RuntimeDir
  /** The arguments for the Envoy of this restart epoch: 0 for one that takes over no other's sockets. */
  readonly argumentsOf: (epoch: number) => readonly string[]
  /** What each Envoy is to have in its environment besides ours. */
  readonly variables: NodeJS.ProcessEnv
  /** Makes the files that an Envoy needs to start, wherever they are now. */
  readonly prepare: (epoch: number) => Promise<void>
  /** The listener whose requests are waited for when Envoy is stopped. */
  readonly statPrefix: string
  readonly log: Logger
  /** Called with the Envoys that run, whenever that changes. */
  readonly onChanged: (envoys: readonly ProcessIdentity[]) => void
  /** Envoy can't be kept running. Called once, and never after {@link EnvoySupervisor.close}. */
  readonly onFailed: (error: FatalError) => void
}

/** Keeps one Envoy running until it is closed. */
export class EnvoySupervisor {
  readonly #options: SupervisorOptions
  readonly #admin: EnvoyAdmin
  readonly #output: EnvoyOutput
  readonly #envoys: RunningEnvoys
  /** Serves until the last of them takes its place, while that is about to happen. */
  #predecessor: EnvoyProcess | undefined
  /** The last start, which may be under way. */
  #launching: Promise<unknown> = Promise.resolve()
  readonly #restarts = new RestartPolicy()
  /** Why the successor was ended, if it refused its configuration. */
  #refusal: string | undefined
  #closing = false

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#admin = new EnvoyAdmin(options.dir.adminSocket)
    this.#envoys = new RunningEnvoys(options.onChanged)
    this.#output = new EnvoyOutput(options.dir.envoyLogFile, options.log)
  }

  /** Starts Envoy. {@link ready} tells when it serves. */
  async start(): Promise<void> {
    this.#output.forget()
    await this.#launch(0)
  }

  async #launch(epoch: number): Promise<EnvoyProcess> {
    const { binary, argumentsOf, variables, prepare, log } = this.#options
    const start = async () => {
      await prepare(epoch)
      return EnvoyProcess.start(binary, argumentsOf(epoch), this.#output.fd, variables)
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
    this.#options.log.info(`Took over Envoy ${this.#envoys.current?.pid}, which has gone on serving`)
  }

  /**
   * Sees to it that Envoy runs with the present settings. If what it was started with differs, another takes its place:
   * with the sockets of the one before, so that no connection is refused, if Envoy can.
   *
   * @param tryOut tells why an Envoy can't use the present settings, if so: then the one that runs stays as it is
   */
  async renew(tryOut: () => Promise<string | undefined>): Promise<void> {
    const { argumentsOf, log } = this.#options
    const old = this.#envoys.current
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
      this.#envoys.remove(old)
      await old.end()
      await this.start()
      return
    }
    await this.#succeed(old, epoch + 1)
  }

  /** Has another Envoy take the place of one that runs, with its sockets. */
  async #succeed(old: EnvoyProcess, epoch: number): Promise<void> {
    this.#predecessor = old
    this.#refusal = undefined
    const next = await this.#launch(epoch)
    const took = await Promise.race([this.#serves(() => this.#envoys.current === next), next.ended.then(() => false)])
    this.#predecessor = undefined
    if (took)
      this.#options.log.info(`Envoy ${next.pid} took the place of Envoy ${old.pid}, which lets its connections end`)
  }

  /**
   * An Envoy refuses what it can't serve users without. If it is one that is about to take another's place, it is ended
   * and the other serves on.
   *
   * @returns whether it is
   */
  refuseSuccessor(reason: string): boolean {
    const successor = this.#envoys.current
    if (!this.#predecessor?.isAlive() || successor === undefined || successor === this.#predecessor) return false
    this.#refusal = reason
    void successor.end().catch((error: Error) => this.#options.log.error(error.message))
    return true
  }

  /** Resolves once Envoy has its configuration and serves; false if it was closed or failed instead. */
  ready(): Promise<boolean> {
    return warnIfSlow(this.#serves(), this.#options.log)
  }

  /** @param only false once another Envoy is of interest */
  #serves(only: () => boolean = () => true): Promise<boolean> {
    return serves(this.#admin, () => (this.#closing || !only() ? undefined : (this.#envoys.current?.epoch ?? 0)))
  }

  #watch(envoy: EnvoyProcess): void {
    this.#envoys.add(envoy)
    void envoy.ended.then((how) => this.#ended(envoy, how)).catch((error: Error) => this.#fail(error.message))
  }

  async #ended(envoy: EnvoyProcess, how: string): Promise<void> {
    const wasCurrent = envoy === this.#envoys.current
    if (this.#closing || !this.#envoys.has(envoy)) return
    this.#envoys.remove(envoy)
    if (!wasCurrent) return
    if (this.#predecessor?.isAlive()) {
      this.#options.log.error(
        `The Envoy with the new settings ended (${how}): ${this.#refusal ?? this.#output.reason()}. The one before serves on with its old settings. ` +
          'Stop and start the proxy to change them.',
      )
      return
    }
    await this.#startAgain(envoy, how)
  }

  async #startAgain(envoy: EnvoyProcess, how: string): Promise<void> {
    const waitMs = this.#restarts.next(envoy.livedMs)
    if (waitMs === undefined) {
      const { failedStarts } = this.#restarts
      this.#fail(`Envoy ended ${failedStarts} times soon after its start (${how}): ${this.#output.reason()}`)
      return
    }
    this.#options.log.error(`Envoy has ended (${how}). It is started again${waitMs > 0 ? ` in ${waitMs} ms` : ''}`)
    const since = performance.now()
    // Those before it no longer listen, but hold the sockets that the new one needs. And it may itself be just ending,
    // if the shell that has started it was ended.
    const ending = [envoy, ...this.#envoys.takeAll()]
    await Promise.all([delay(waitMs), ...ending.map((one) => one.end())])
    if (this.#closing) return
    await this.start()
    const started = this.#envoys.current
    if (!(await this.ready()) || started !== this.#envoys.current) return
    const seconds = ((performance.now() - since) / 1000).toFixed(1)
    this.#options.log.info(`Envoy is back, as process ${started?.pid}: it was away for ${seconds} s`)
  }

  #fail(message: string): void {
    if (this.#closing) return
    this.#closing = true
    this.#output.stopping()
    this.#options.onFailed(new FatalError(message))
  }

  /** Lets Envoy go on without us. */
  release(): void {
    this.#closing = true
    this.#output.close()
  }

  /**
   * Stops Envoy.
   * @param gently whether to {@link closeAndWait} it first
   * @param hurry ends the drain
   */
  async close(gently: boolean, hurry: AbortSignal): Promise<void> {
    this.#closing = true
    this.#output.stopping()
    const { log } = this.#options
    await this.#launching
    const current = this.#envoys.current
    if (gently && !hurry.aborted && current?.isAlive()) {
      await Promise.race([closeAndWait(this.#admin, this.#options.statPrefix, { hurry }), current.ended]).catch(
        (error: Error) => log.warn(`Envoy could not be drained: ${error.message}`),
      )
    }
    await this.#envoys.end().catch((error: Error) => log.error(error.message))
    this.#output.close()
  }
}
