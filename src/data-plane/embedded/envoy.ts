import { createHash } from 'node:crypto'
import { readFile, realpath, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { adminKeyFile } from '../../envoy/admin-key.js'
import type { FatalError } from '../../platform/fatal-error.js'
import type { Logger } from '../../platform/log.js'
import { envoyArguments } from './arguments.js'
import { Guardian } from './guardian.js'
import { KEY_VARIABLE } from './kept-key.js'
import type { EnvoyProcess } from './process.js'
import type { RuntimeDir } from './runtime-dir.js'
import { makeRuntimeDir } from './runtime-dir.js'
import { SharedMemory } from './shared-memory.js'
import { EnvoySupervisor } from './supervisor.js'

export interface EmbeddedEnvoyOptions {
  readonly binary: string
  readonly dir: RuntimeDir
  /** The content of the bootstrap file. */
  readonly bootstrap: object
  /** In that content, for the calls of this program. */
  readonly adminKey: string
  readonly workers: number
  /** Whether Envoy's own account of its start is wanted in the log. */
  readonly verbose: boolean
  /** How long Envoy serves on without a control plane, in seconds; 0 for ever. */
  readonly orphanSeconds: number
  /** The listener whose requests are waited for when Envoy is stopped. */
  readonly statPrefix: string
  /** Makes the socket of the control plane again, if its file was removed. */
  readonly restoreSocket: () => Promise<void>
  readonly log: Logger
  /** Envoy can't be kept running. */
  readonly onFailed: (error: FatalError) => void
}

/** The Envoy that belongs to this control plane, watched by it and, should it die, by a guardian. */
export class EmbeddedEnvoy {
  readonly #supervisor: EnvoySupervisor
  readonly #guardian: Guardian
  readonly #memory: SharedMemory
  readonly #running: readonly EnvoyProcess[]

  private constructor(
    supervisor: EnvoySupervisor,
    guardian: Guardian,
    memory: SharedMemory,
    running: readonly EnvoyProcess[],
  ) {
    this.#supervisor = supervisor
    this.#guardian = guardian
    this.#memory = memory
    this.#running = running
  }

  /** @param running Envoys that an earlier control plane has started, the one that serves last */
  static async make(options: EmbeddedEnvoyOptions, running: readonly EnvoyProcess[]): Promise<EmbeddedEnvoy> {
    const { dir, log } = options
    const guardian = new Guardian(dir, options.orphanSeconds, log)
    await guardian.start(running.flatMap(({ identity }) => identity ?? []))
    const content = JSON.stringify(options.bootstrap, undefined, 2)
    const bootstrapFile = join(dir.path, `bootstrap-${await digestOf(content, options.binary)}.json`)
    const memory = new SharedMemory(
      dir,
      running.map(({ args }) => args),
    )
    if (memory.baseId === undefined) {
      log.warn("/dev/shm can't be written to: a change of --workers will interrupt users' connections")
    }
    const supervisor = new EnvoySupervisor({
      ...options,
      argumentsOf: (epoch) => envoyArguments({ ...options, bootstrapFile, baseId: memory.baseId }, epoch),
      variables: { [KEY_VARIABLE]: options.adminKey },
      // Each time: a directory for temporary files is cleared of what is old.
      prepare: async (epoch) => {
        if (epoch === 0) memory.renew()
        await makeRuntimeDir(dir)
        await options.restoreSocket()
        await ensureFile(bootstrapFile, content)
        await ensureFile(adminKeyFile(dir.adminSocket), options.adminKey)
      },
      onChanged: (envoys) => guardian.watchOver(envoys),
    })
    return new EmbeddedEnvoy(supervisor, guardian, memory, running)
  }

  /** Starts Envoy or goes on with the ones that run. {@link ready} tells when it serves. */
  async start(): Promise<void> {
    if (this.#running.length === 0) await this.#supervisor.start()
    else this.#supervisor.adopt(this.#running)
  }

  /** Resolves once Envoy serves; false if it was closed or failed instead. */
  ready(): Promise<boolean> {
    return this.#supervisor.ready()
  }

  /** Sees to it that an Envoy that was found running has what xDS can't change: see {@link EnvoySupervisor.renew}. */
  renew(tryOut: () => Promise<string | undefined>): Promise<void> {
    return this.#supervisor.renew(tryOut)
  }

  /** See {@link EnvoySupervisor.refuseSuccessor}. */
  refuseSuccessor(reason: string): boolean {
    return this.#supervisor.refuseSuccessor(reason)
  }

  /**
   * @param drain whether requests under way get some seconds to end
   * @param hurry ends that
   */
  async close(drain: boolean, hurry: AbortSignal): Promise<void> {
    await this.#supervisor.close(drain, hurry)
    this.#guardian.close()
    await this.#memory.remove()
  }

  /** Leaves Envoy running, for the next control plane or until the guardian ends it. */
  release(): void {
    this.#supervisor.release()
  }
}

/** Without touching one that is there: on a full disk it could not be written again. */
async function ensureFile(path: string, content: string): Promise<void> {
  const found = await readFile(path, 'utf8').catch(() => undefined)
  if (found !== content) await writeFile(path, content, { mode: 0o600 })
}

/** A name that tells the content and the program, so that equal arguments mean the same Envoy. */
async function digestOf(content: string, binary: string): Promise<string> {
  const program = await stat(binary)
  const key = [content, await realpath(binary), program.size, program.mtimeMs]
  return createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 16)
}
