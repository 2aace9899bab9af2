import { createHash } from 'node:crypto'
import { readFile, realpath, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { adminKeyFile } from '../../envoy/admin-key.js'
import type { FatalError } from '../../platform/fatal-error.js'
import type { Logger } from '../../platform/log.js'
import type { ProcessIdentity } from '../../platform/processes.js'
import { signal } from '../../platform/processes.js'
import type { EnvoyWatcher } from '../data-plane.js'
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
  /** The key in that bootstrap, which calls of the admin interface need. */
  readonly adminKey: string
  readonly workers: number
  /** See {@link SupervisorOptions}. */
  readonly stdout: number | undefined
  /** Whether Envoy logs at info level, which includes what it does at its start. */
  readonly verbose: boolean
  /** How long Envoy keeps serving without a control plane, in seconds; 0 for no limit. */
  readonly orphanSeconds: number
  /** The listener whose requests are waited for when Envoy is stopped. */
  readonly statPrefix: string
  /** Makes the control plane's socket again if its file was removed. */
  readonly restoreSocket: () => Promise<void>
  readonly log: Logger
  readonly watcher: EnvoyWatcher
  /** Called when Envoy can't be kept running. */
  readonly onFailed: (error: FatalError) => void
}

/** The Envoy of this control plane, watched by it and, once it has died, by a guardian. */
export class EmbeddedEnvoy {
  readonly #supervisor: EnvoySupervisor
  readonly #guardian: Guardian
  readonly #memory: SharedMemory
  readonly #running: readonly EnvoyProcess[]
  readonly #identities: () => readonly ProcessIdentity[]

  private constructor(
    supervisor: EnvoySupervisor,
    guardian: Guardian,
    memory: SharedMemory,
    running: readonly EnvoyProcess[],
    identities: () => readonly ProcessIdentity[],
  ) {
    this.#supervisor = supervisor
    this.#guardian = guardian
    this.#memory = memory
    this.#running = running
    this.#identities = identities
  }

  /** @param running Envoys of an earlier control plane; the last one serves */
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
    let identities: readonly ProcessIdentity[] = []
    const supervisor = new EnvoySupervisor({
      ...options,
      argumentsOf: (epoch) => envoyArguments({ ...options, bootstrapFile, baseId: memory.baseId }, epoch),
      variables: { [KEY_VARIABLE]: options.adminKey },
      // At each start, since cleaners remove old files from a directory for temporary files.
      prepare: async (epoch) => {
        if (epoch === 0) memory.renew()
        await makeRuntimeDir(dir)
        await options.restoreSocket()
        await ensureFile(bootstrapFile, content)
        await ensureFile(adminKeyFile(dir.adminSocket), options.adminKey)
      },
      onChanged: (envoys) => {
        identities = envoys
        guardian.watchOver(envoys)
      },
    })
    return new EmbeddedEnvoy(supervisor, guardian, memory, running, () => identities)
  }

  /** Starts Envoy or adopts the running ones. {@link ready} resolves when it serves. */
  async start(): Promise<void> {
    if (this.#running.length === 0) await this.#supervisor.start()
    else this.#supervisor.adopt(this.#running)
  }

  /** Resolves with true once Envoy serves; with false if it was closed or failed. */
  ready(): Promise<boolean> {
    return this.#supervisor.ready()
  }

  /** See {@link EnvoySupervisor.replaceIfArgumentsDiffer}. */
  replaceIfArgumentsDiffer(tryOut: () => Promise<string | undefined>): Promise<void> {
    return this.#supervisor.replaceIfArgumentsDiffer(tryOut)
  }

  /** See {@link EnvoySupervisor.endSuccessor}. */
  endSuccessor(reason: string): boolean {
    return this.#supervisor.endSuccessor(reason)
  }

  /**
   * @param drain whether requests in flight get some seconds to end
   * @param hurry ends the drain
   */
  async close(drain: boolean, hurry: AbortSignal): Promise<void> {
    await this.#supervisor.close(drain, hurry)
    this.#guardian.close()
    await this.#memory.remove()
  }

  /** Makes all Envoys open their access log again: one that drains writes there, too. */
  reopenAccessLog(): void {
    for (const identity of this.#identities()) signal(identity, 'SIGUSR1')
  }

  /** Leaves Envoy running, for the next control plane or until the guardian ends it. */
  release(): void {
    this.#supervisor.release()
  }
}

/** Leaves a file with the right content alone: on a full disk it could not be written again. */
async function ensureFile(path: string, content: string): Promise<void> {
  const found = await readFile(path, 'utf8').catch(() => undefined)
  if (found !== content) await writeFile(path, content, { mode: 0o600 })
}

/** A digest of the content and the program, so that equal arguments mean the same Envoy. */
async function digestOf(content: string, binary: string): Promise<string> {
  const program = await stat(binary)
  const key = [content, await realpath(binary), program.size, program.mtimeMs]
  return createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 16)
}
