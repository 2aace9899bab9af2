import { createHash, randomInt } from 'node:crypto'
import { accessSync, constants, lstatSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { baseIdOf } from './arguments.js'
import type { RuntimeDir } from './runtime-dir.js'

const SHARED_MEMORY = '/dev/shm'

/** Envoy needs ten times the base id to be below 2^31. */
const MAX_BASE_ID = 200_000_000

/**
 * The memory that the Envoys of a runtime directory share during a hot restart: a file named after Envoy's base id. Any
 * user of the machine can make files in that directory, so a name may be taken.
 */
export class SharedMemory {
  readonly #defaultId: number
  #baseId: number | undefined

  /** @param running the arguments of the running Envoys, whose successors need the same base id */
  constructor(dir: RuntimeDir, running: ReadonlyArray<readonly string[]>) {
    this.#defaultId = defaultBaseId(dir)
    this.#baseId = running.map(baseIdOf).find((id) => id !== undefined)
    if (this.#baseId === undefined) this.renew()
  }

  /** Undefined where there is no shared memory, so that hot restart is not possible. */
  get baseId(): number | undefined {
    return this.#baseId
  }

  /**
   * Chooses the base id for an Envoy without a predecessor: a random one if another user has taken the default's name.
   */
  renew(): void {
    this.#baseId = !isWritable() ? undefined : isTaken(this.#defaultId) ? randomInt(MAX_BASE_ID) : this.#defaultId
  }

  async remove(): Promise<void> {
    if (this.#baseId !== undefined) await removeFile(this.#baseId)
  }
}

/** Removes the files of Envoys that were ended. */
export async function removeSharedMemory(dir: RuntimeDir, ended: ReadonlyArray<readonly string[]>): Promise<void> {
  for (const id of new Set([defaultBaseId(dir), ...ended.map(baseIdOf)])) if (id !== undefined) await removeFile(id)
}

/** The same for every start, so that a file that was left behind by a crash is used again. */
function defaultBaseId(dir: RuntimeDir): number {
  return createHash('sha256').update(dir.path).digest().readUInt32BE() % MAX_BASE_ID
}

async function removeFile(baseId: number): Promise<void> {
  if (!isTaken(baseId)) await rm(fileOf(baseId), { force: true })
}

/** Whether a file of this name exists that Envoy can't replace. */
function isTaken(baseId: number): boolean {
  const found = lstatSync(fileOf(baseId), { throwIfNoEntry: false })
  return found !== undefined && !(found.isFile() && found.uid === process.getuid?.())
}

function fileOf(baseId: number): string {
  return `${SHARED_MEMORY}/envoy_shared_memory_${baseId * 10}`
}

function isWritable(): boolean {
  try {
    accessSync(SHARED_MEMORY, constants.W_OK)
    return true
  } catch {
    return false
  }
}
