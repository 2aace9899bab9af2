import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { FatalError } from '../errors.js'
import type { Logger } from '../log.js'
import { EnvoyAdmin } from './admin.js'
import { ENVOY_LOG_FORMAT, forwardLine } from './log-lines.js'
import type { RuntimeDir } from './runtime-dir.js'

export interface SupervisorOptions {
  readonly binary: string
  readonly dir: RuntimeDir
  /** The content of the bootstrap file. */
  readonly bootstrap: object
  readonly workers: number
  /** Whether Envoy's own account of its start is wanted in the log. */
  readonly verbose: boolean
  /** The listener whose requests are waited for when Envoy is stopped. */
  readonly statPrefix: string
  readonly log: Logger
  /** Envoy can't be kept running. Called once, and never after {@link EnvoySupervisor.close}. */
  readonly onFailed: (error: FatalError) => void
}

/** An Envoy that ends sooner than this after its start counts as a failed start. */
const STEADY_AFTER_MS = 5_000
const FAILED_STARTS_ALLOWED = 5
const FIRST_BACK_OFF_MS = 100
const READY_POLL_MS = 20
/** JupyterHub gives up on a proxy that doesn't serve by then. */
const SLOW_START_MS = 10_000
/** JupyterHub kills a proxy that has not ended 10 s after SIGTERM. */
const DRAIN_LIMIT_MS = 5_000
const STOP_LIMIT_MS = 2_000
const LAST_LINES = 5

/** Keeps one Envoy running until it is closed. */
export class EnvoySupervisor {
  readonly #options: SupervisorOptions
  readonly #admin: EnvoyAdmin
  #process: ChildProcess | undefined
  #lastLines: string[] = []
  #failedStarts = 0
  #closing = false

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#admin = new EnvoyAdmin(options.dir.adminSocket)
  }

  /** Starts Envoy. {@link ready} tells when it serves. */
  async start(): Promise<void> {
    const { dir, bootstrap } = this.#options
    await writeFile(dir.bootstrapFile, JSON.stringify(bootstrap, undefined, 2), { mode: 0o600 })
    await this.#spawn()
  }

  /** Resolves once Envoy has its configuration and serves; false if it was closed or failed instead. */
  async ready(): Promise<boolean> {
    const slow = setTimeout(() => {
      this.#options.log.warn(`Envoy does not serve after ${SLOW_START_MS / 1000} s, still waiting for it`)
    }, SLOW_START_MS)
    try {
      while (!this.#closing) {
        if (await this.#admin.isReady()) return true
        await delay(READY_POLL_MS)
      }
      return false
    } finally {
      clearTimeout(slow)
    }
  }

  async #spawn(): Promise<void> {
    const { binary, dir, workers, verbose, log } = this.#options
    const args = ['--config-path', dir.bootstrapFile, '--concurrency', String(workers), '--disable-hot-restart']
    args.push('--service-node', `embedded-${process.pid}`, '--service-cluster', 'configurable-envoy-proxy')
    // Never Envoy's own debug level: it prints request headers, and with them users' cookies and tokens. Of its main
    // component errors only: the rest is advice about settings, and a list of all extensions.
    args.push('--log-level', verbose ? 'info' : 'warning', '--component-log-level', 'main:error')
    args.push('--log-format', ENVOY_LOG_FORMAT, '--log-format-escaped')
    // Unknown fields in what we send would be settings that silently do nothing.
    args.push('--reject-unknown-dynamic-fields')
    // A process group of its own: a signal to ours, such as Ctrl-C, reaches Envoy only through us, after the drain.
    const child = spawn(binary, args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
    this.#process = child
    const startedAt = performance.now()
    this.#lastLines = []
    const envoyLog = log.child({ name: 'Envoy' })
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.#lastLines = [...this.#lastLines, line].slice(-LAST_LINES)
      // What Envoy says of being stopped is no news to the one who stopped it.
      if (this.#closing) log.debug(line)
      else forwardLine(line, envoyLog)
    })
    child.once('error', (error) => this.#fail(`Envoy could not be started from ${binary}: ${error.message}`))
    child.once('close', (code, signal) => {
      if (this.#process === child) void this.#ended(signal ?? `status ${code}`, performance.now() - startedAt)
    })
    if (child.pid !== undefined) await writeFile(dir.envoyPidFile, String(child.pid), { mode: 0o600 })
  }

  async #ended(how: string, livedMs: number): Promise<void> {
    if (this.#closing) return
    this.#failedStarts = livedMs < STEADY_AFTER_MS ? this.#failedStarts + 1 : 0
    if (this.#failedStarts > FAILED_STARTS_ALLOWED) {
      this.#fail(
        `Envoy ended ${this.#failedStarts} times soon after its start (${how}): ${this.#lastLines.join(' | ')}`,
      )
      return
    }
    const waitMs = this.#failedStarts === 0 ? 0 : FIRST_BACK_OFF_MS * 2 ** (this.#failedStarts - 1)
    this.#options.log.error(`Envoy ended (${how}), starting it again in ${waitMs} ms`)
    await delay(waitMs)
    if (!this.#closing) await this.#spawn().catch((error: Error) => this.#fail(error.message))
  }

  #fail(message: string): void {
    if (this.#closing) return
    this.#closing = true
    this.#options.onFailed(new FatalError(message))
  }

  /**
   * Stops Envoy: the port is closed at once, requests under way get some seconds to end (websockets don't, they are
   * meant to last), then the process ends.
   *
   * @param drain false to skip the waiting
   */
  async close(drain: boolean): Promise<void> {
    this.#closing = true
    const child = this.#process
    this.#process = undefined
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    if (drain) await Promise.race([this.#drain(), ended])
    child.kill('SIGTERM')
    if (await Promise.race([ended, delay(STOP_LIMIT_MS, undefined, { ref: false })])) return
    child.kill('SIGKILL')
    await ended
  }

  async #drain(): Promise<void> {
    const deadline = performance.now() + DRAIN_LIMIT_MS
    try {
      await this.#admin.stopListening()
      while ((await this.#admin.requestsUnderWay(this.#options.statPrefix)) > 0 && performance.now() < deadline) {
        await delay(50)
      }
    } catch (error) {
      this.#options.log.warn(`Envoy could not be drained: ${(error as Error).message}`)
    }
  }
}
