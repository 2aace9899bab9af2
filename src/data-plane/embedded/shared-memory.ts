import { createHash, randomInt } from 'node:crypto'
import { accessSync, constants, lstatSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { baseIdOf } from './arguments.js'
import type { RuntimeDir } from './runtime-dir.js'

const SHARED_MEMORY = '/dev/shm'

/** Envoy needs ten times the base id to be below 2^31. */
const MAX_BASE_ID = 200_000_000

/**
 * The memory that the Envoys of a runtime directory share while one takes the other's place: a file that is named by
 * what Envoy calls the base id. Any user of the machine can make files there, so that a name may be taken.
 */
export class SharedMemory {
  readonly #usual: number
  #baseId: number | undefined

  /** @param running the arguments of the Envoys that run, whose successors need the same base id */
  constructor(dir: RuntimeDir, running: ReadonlyArray<readonly string[]>) {
    this.#usual = usualBaseId(dir)
    this.#baseId = running.map(baseIdOf).find((id) => id !== undefined)
    if (this.#baseId === undefined) this.renew()
  }

  /** Undefined where there is no shared memory, so that no Envoy can take another's place. */
  get baseId(): number | undefined {
    return this.#baseId
  }

  /** For an Envoy that takes nobody's place. If another user has taken the name, it is one that nobody can know. */
  renew(): void {
    this.#baseId = !isWritable() ? undefined : isTaken(this.#usual) ? randomInt(MAX_BASE_ID) : this.#usual
  }

  async remove(): Promise<void> {
    if (this.#baseId !== undefined) await removeFile(this.#baseId)
  }
}

/** Removes what Envoys that were ended have left there. */
export async function removeSharedMemory(dir: RuntimeDir, ended: ReadonlyArray<readonly string[]>): Promise<void> {
  for (const id of new Set([usualBaseId(dir), ...ended.map(baseIdOf)])) if (id !== undefined) await removeFile(id)
}

/** The same for every start, so that what a sudden death leaves is used again. */
function usualBaseId(dir: RuntimeDir): number {
  return createHash('sha256').update(dir.path).digest().readUInt32BE() % MAX_BASE_ID
}

async function removeFile(baseId: number): Promise<void> {
  if (!isTaken(baseId)) await rm(fileOf(baseId), { force: true })
}

/** Whether there is something of that name that Envoy could not replace. */
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
