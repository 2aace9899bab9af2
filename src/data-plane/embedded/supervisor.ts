import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { EnvoyAdmin } from '../../envoy/admin.js'
import { closeAndWait } from '../../envoy/drain.js'
import { FatalError } from '../../platform/fatal-error.js'
import type { Logger } from '../../platform/log.js'
import type { ProcessIdentity } from '../../platform/processes.js'
import type { EnvoyWatcher } from '../data-plane.js'
import { baseIdOf, ownArguments } from './arguments.js'
import { launch } from './launch.js'
import { EnvoyOutput } from './output.js'
import { EnvoyProcess } from './process.js'
import { waitUntilServing, warnIfSlow } from './readiness.js'
import { RestartPolicy } from './restart-policy.js'
import { RunningEnvoys } from './running.js'
import type { RuntimeDir } from './runtime-dir.js'

export interface SupervisorOptions {
  readonly binary: string
  readonly dir: RuntimeDir
  /** Arguments for the Envoy of a restart epoch: 0 for an Envoy without a predecessor. */
  readonly argumentsOf: (epoch: number) => readonly string[]
  /** Added to our environment for each Envoy. */
  readonly variables: NodeJS.ProcessEnv
  /** A file descriptor for Envoy's standard output, if it has an access log there. */
  readonly stdout: number | undefined
  /** Makes the files that an Envoy needs to start, if they are missing. */
  readonly prepare: (epoch: number) => Promise<void>
  /** The listener whose requests are waited for when Envoy is stopped. */
  readonly statPrefix: string
  readonly log: Logger
  /** Called with the running Envoys whenever that changes. */
  readonly onChanged: (envoys: readonly ProcessIdentity[]) => void
  readonly watcher: EnvoyWatcher
  /** Called once if Envoy can't be kept running; never after {@link EnvoySupervisor.close}. */
  readonly onFailed: (error: FatalError) => void
}

/** Keeps one Envoy running until it is closed. */
export class EnvoySupervisor {
  readonly #options: SupervisorOptions
  readonly #admin: EnvoyAdmin
  readonly #output: EnvoyOutput
  readonly #envoys: RunningEnvoys
  /** During a hot restart: the Envoy that serves until its successor does. */
  #predecessor: EnvoyProcess | undefined
  /** The last start, which may be in progress. */
  #launching: Promise<unknown> = Promise.resolve()
  readonly #restarts = new RestartPolicy()
  /** Why the successor was ended, if it rejected its configuration. */
  #rejection: string | undefined
  #closing = false

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#admin = new EnvoyAdmin(options.dir.adminSocket)
    this.#envoys = new RunningEnvoys(options.onChanged)
    this.#output = new EnvoyOutput(options.dir.envoyLogFile, options.log)
  }

  /** Starts Envoy. {@link ready} resolves when it serves. */
  async start(): Promise<void> {
    this.#output.forget()
    await this.#launch(0)
  }

  async #launch(epoch: number): Promise<EnvoyProcess> {
    const { binary, argumentsOf, variables, prepare, log, stdout } = this.#options
    const start = () =>
      prepare(epoch).then(() => EnvoyProcess.start(binary, argumentsOf(epoch), this.#output.fd, variables, stdout))
    const launching = launch(start, () => this.#closing, log)
    this.#launching = launching.catch(() => {})
    const envoy = await launching
    this.#watch(envoy)
    return envoy
  }

  /** Takes over the Envoys of an earlier control plane; the last one serves. */
  adopt(envoys: readonly EnvoyProcess[]): void {
    for (const envoy of envoys) this.#watch(envoy)
    this.#options.log.info(`Took over Envoy ${this.#envoys.current?.pid}, which kept serving`)
  }

  /**
   * Replaces Envoy if it was started with other arguments than the current settings need: by a hot restart, so that no
   * connection is refused, if possible.
   *
   * @param tryOut returns why an Envoy can't use the current settings; then the running one is kept
   */
  async replaceIfArgumentsDiffer(tryOut: () => Promise<string | undefined>): Promise<void> {
    const { argumentsOf, log } = this.#options
    const old = this.#envoys.current
    if (old === undefined) return
    const epoch = old.epoch ?? 0
    const wanted = argumentsOf(epoch)
    if (isDeepStrictEqual(ownArguments(old.args), wanted)) return
    const failure = await tryOut()
    if (this.#closing || !old.isAlive()) return
    if (failure !== undefined) {
      log.error(
        `Envoy can't use the new settings: ${failure}. Envoy ${old.pid} keeps serving with its old settings. Correct the ` +
          'new ones and restart the proxy.',
      )
      return
    }
    if (old.epoch === undefined || baseIdOf(old.args) !== baseIdOf(wanted)) {
      log.warn(
        `Restarting Envoy ${old.pid} with an interruption: it was started without hot restart, or with other shared memory`,
      )
      this.#envoys.remove(old)
      await old.end()
      await this.start()
      return
    }
    await this.#hotRestart(old, epoch + 1)
  }

  /** Replaces a running Envoy by another, which takes over its sockets. */
  async #hotRestart(old: EnvoyProcess, epoch: number): Promise<void> {
    this.#predecessor = old
    this.#rejection = undefined
    const next = await this.#launch(epoch)
    const serves = await Promise.race([
      this.#waitUntilServing(() => this.#envoys.current === next),
      next.ended.then(() => false),
    ])
    this.#predecessor = undefined
    if (serves) this.#options.log.info(`Envoy ${next.pid} replaced Envoy ${old.pid}, which is draining`)
  }

  /**
   * Called when an Envoy rejects a resource without which it can't serve users. During a hot restart this ends the
   * successor, and its predecessor keeps serving.
   *
   * @returns whether a hot restart was in progress
   */
  endSuccessor(reason: string): boolean {
    const successor = this.#envoys.current
    if (!this.#predecessor?.isAlive() || successor === undefined || successor === this.#predecessor) return false
    this.#rejection = reason
    void successor.end().catch((error: Error) => this.#options.log.error(error.message))
    return true
  }

  /** Resolves with true once Envoy has its configuration and serves; with false if it was closed or failed. */
  ready(): Promise<boolean> {
    return warnIfSlow(this.#waitUntilServing(), this.#options.log)
  }

  /** @param isCurrent false to stop the wait */
  #waitUntilServing(isCurrent: () => boolean = () => true): Promise<boolean> {
    return waitUntilServing(this.#admin, () =>
      this.#closing || !isCurrent() ? undefined : (this.#envoys.current?.epoch ?? 0),
    )
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
        `The Envoy with the new settings ended (${how}): ${this.#rejection ?? this.#output.reason()}. The previous one keeps serving with its old settings. ` +
          'Correct the new ones and restart the proxy.',
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
    this.#options.log.error(`Envoy has ended (${how}). It is restarted${waitMs > 0 ? ` in ${waitMs} ms` : ''}`)
    this.#options.watcher.envoyEnded(how)
    const since = performance.now()
    // Earlier Envoys no longer listen, but have the sockets that the new one needs. And this one may still be ending,
    // if only the shell that started it has ended.
    const ending = [envoy, ...this.#envoys.takeAll()]
    await Promise.all([delay(waitMs), ...ending.map((one) => one.end())])
    if (this.#closing) return
    await this.start()
    const started = this.#envoys.current
    if (!(await this.ready()) || started !== this.#envoys.current) return
    const seconds = (performance.now() - since) / 1000
    this.#options.watcher.envoyBack(seconds)
    this.#options.log.info(`Envoy is back, as process ${started?.pid}: it was away for ${seconds.toFixed(1)} s`)
  }

  #fail(message: string): void {
    if (this.#closing) return
    this.#closing = true
    this.#output.stopping()
    this.#options.onFailed(new FatalError(message))
  }

  /** Stops watching Envoy and leaves it running. */
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
