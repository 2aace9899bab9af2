import { createHash } from 'node:crypto'
import { access, constants, realpath, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FatalError } from '../errors.js'
import type { Logger } from '../log.js'
import { envoyArguments, SHARED_MEMORY } from './command-line.js'
import { Guardian } from './guardian.js'
import type { EnvoyProcess } from './process.js'
import type { RuntimeDir } from './runtime-dir.js'
import { EnvoySupervisor } from './supervisor.js'

export interface EmbeddedEnvoyOptions {
  readonly binary: string
  readonly dir: RuntimeDir
  /** The content of the bootstrap file. */
  readonly bootstrap: object
  readonly workers: number
  /** Whether Envoy's own account of its start is wanted in the log. */
  readonly verbose: boolean
  /** How long Envoy serves on without a control plane, in seconds; 0 for ever. */
  readonly orphanSeconds: number
  /** The listener whose requests are waited for when Envoy is stopped. */
  readonly statPrefix: string
  readonly log: Logger
  /** Envoy can't be kept running. */
  readonly onFailed: (error: FatalError) => void
}

/** The Envoy that belongs to this control plane, watched by it and, should it die, by a guardian. */
export class EmbeddedEnvoy {
  readonly #supervisor: EnvoySupervisor
  readonly #guardian: Guardian

  private constructor(supervisor: EnvoySupervisor, guardian: Guardian) {
    this.#supervisor = supervisor
    this.#guardian = guardian
  }

  /**
   * Starts Envoy or goes on with the ones that run. {@link ready} tells when it serves.
   *
   * @param running Envoys that an earlier control plane has started, the one that serves last
   */
  static async start(options: EmbeddedEnvoyOptions, running: readonly EnvoyProcess[]): Promise<EmbeddedEnvoy> {
    const { dir, log } = options
    const guardian = new Guardian(dir, options.orphanSeconds, log)
    guardian.start()
    const content = JSON.stringify(options.bootstrap, undefined, 2)
    const program = await stat(options.binary)
    // A name that tells the content and the program, so that equal arguments mean the same Envoy.
    const key = [content, await realpath(options.binary), program.size, program.mtimeMs]
    const digest = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 16)
    const bootstrapFile = join(dir.path, `bootstrap-${digest}.json`)
    await writeFile(bootstrapFile, content, { mode: 0o600 })
    const input = { ...options, bootstrapFile, hotRestart: await canShareMemory() }
    if (!input.hotRestart) {
      log.warn(`${SHARED_MEMORY} can't be written to: a change of --workers will interrupt users' connections`)
    }
    const supervisor = new EnvoySupervisor({
      ...options,
      argumentsOf: (epoch) => envoyArguments(input, epoch),
      onChanged: (envoys) => guardian.watchOver(envoys),
    })
    if (running.length === 0) await supervisor.start()
    else supervisor.adopt(running)
    return new EmbeddedEnvoy(supervisor, guardian)
  }

  /** Resolves once Envoy serves; false if it was closed or failed instead. */
  ready(): Promise<boolean> {
    return this.#supervisor.ready()
  }

  /** Sees to it that an Envoy that was found running has what xDS can't change, such as its workers. */
  renew(): Promise<void> {
    return this.#supervisor.renew()
  }

  /** @param drain whether requests under way get some seconds to end */
  async close(drain: boolean): Promise<void> {
    await this.#supervisor.close(drain)
    this.#guardian.close()
  }

  /** Leaves Envoy running, for the next control plane or until the guardian ends it. */
  release(): void {
    this.#supervisor.release()
  }
}

async function canShareMemory(): Promise<boolean> {
  return access(SHARED_MEMORY, constants.W_OK).then(
    () => true,
    () => false,
  )
}
