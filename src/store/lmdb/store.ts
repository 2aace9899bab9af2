import type { FileHandle } from 'node:fs/promises'
import { rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as endOfTurn } from 'node:timers/promises'
import { ADDRESS_FILE } from '../../names/address-file.js'
import { FatalError } from '../../platform/fatal-error.js'
import type { Logger } from '../../platform/log.js'
import { NotStoredError } from '../../routing/errors.js'
import type { Route } from '../../routing/route.js'
import type { OpenedStore } from '../../routing/store.js'
import { LOCK_FILE, lockDirectory } from '../directory/lock.js'
import { exists } from '../directory/state-dir.js'
import { reasonOf } from './errors.js'
import type { Write } from './file.js'
import { LmdbFile, WRITES } from './file.js'
import { readRoutes } from './read-routes.js'
import { encodeRoute, entryKeyOf } from './records.js'
import { renewFile, replaceFile } from './renew.js'

interface Pending {
  readonly writes: readonly Write[]
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

interface LmdbStoreParts {
  readonly directory: string
  readonly removable: boolean
  readonly lock: FileHandle
  readonly file: LmdbFile
  /** Undefined if the file was made just now. */
  readonly loaded: readonly Route[] | undefined
}

/**
 * Keeps routes in an LMDB file. What it has stored survives the end of any process, and of the machine as far as the
 * disk keeps what it says it has. Changes that come while others are being written share the next transaction.
 */
export class LmdbStore implements OpenedStore {
  readonly isDurable = true
  readonly isNew: boolean
  readonly where: string
  readonly directory: string
  readonly #removable: boolean
  readonly #lock: FileHandle
  #file: LmdbFile
  #loaded: readonly Route[]
  readonly #queue: Pending[] = []
  #writing: Promise<void> | undefined

  private constructor({ directory, removable, lock, file, loaded }: LmdbStoreParts) {
    this.#removable = removable
    this.directory = directory
    this.where = directory
    this.#lock = lock
    this.#file = file
    this.#loaded = loaded ?? []
    this.isNew = this.#loaded.length === 0
  }

  /**
   * @param directory see {@link openStateDir}
   * @param removable whether the directory may go too when there are no routes to keep
   * @throws FatalError if another process has the directory or its file can't be used
   */
  static async open(directory: string, log: Logger, removable = false): Promise<LmdbStore> {
    const lock = await lockDirectory(directory)
    try {
      const path = join(directory, FILE)
      const stored = (await exists(path)) ? await readRoutes(path) : undefined
      const file = await renewFile(path, stored?.entries, log)
      return new LmdbStore({ directory, removable, lock, file, loaded: stored?.routes })
    } catch (error) {
      await lock.close()
      throw error
    }
  }

  async load(): Promise<readonly Route[]> {
    const routes = this.#loaded
    this.#loaded = []
    return routes
  }

  async fill(routes: readonly Route[]): Promise<void> {
    const entries = routes.map(encodeRoute).sort((one, other) => Buffer.compare(one.key, other.key))
    const path = join(this.directory, FILE)
    await this.#file.close()
    try {
      await replaceFile(path, entries)
    } catch (error) {
      this.#file = await LmdbFile.open(path, [])
      throw new NotStoredError(reasonOf(error as Error))
    }
    this.#file = await LmdbFile.open(path, entries)
  }

  put(route: Route, replaced?: string): Promise<void> {
    const removal = replaced === undefined ? [] : [{ key: entryKeyOf(replaced), value: undefined }]
    return this.#write([encodeRoute(route), ...removal])
  }

  delete(routespec: string): Promise<void> {
    return this.#write([{ key: entryKeyOf(routespec), value: undefined }])
  }

  close(): Promise<void> {
    return this.#end(this.#file.routes === 0)
  }

  discard(own: number): Promise<void> {
    return this.#end(this.#file.routes <= (this.isNew ? own : 0))
  }

  async #end(remove: boolean): Promise<void> {
    await this.#writing
    await this.#file.close()
    // With its locks still held.
    if (remove) await removeFiles(this.directory, this.#removable)
    await this.#lock.close()
  }

  #write(writes: readonly Write[]): Promise<void> {
    const written = new Promise<void>((resolve, reject) => this.#queue.push({ writes, resolve, reject }))
    this.#writing ??= this.#writeAll()
    return written
  }

  async #writeAll(): Promise<void> {
    // Changes that Envoy acknowledged together come in one turn of the event loop: they share a transaction.
    await endOfTurn()
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, WRITES.anywhere.most)
      try {
        await this.#file.commit(batch.flatMap(({ writes }) => writes))
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(new NotStoredError(reasonOf(error as Error)))
      }
    }
    this.#writing = undefined
  }
}

const FILE = 'routes.mdb'

/**
 * Removes the routes that are kept in a directory, and the directory if nothing else is in it.
 *
 * @returns whether there were any
 * @throws FatalError if another process has them or they can't be removed
 */
export async function removeRoutes(directory: string): Promise<boolean> {
  if (!(await exists(join(directory, FILE)))) return false
  const lock = await lockDirectory(directory)
  try {
    await removeFiles(directory, true)
    return true
  } catch (error) {
    throw new FatalError(`The routes in ${directory} can't be removed: ${(error as Error).message}.`)
  } finally {
    await lock.close()
  }
}

const STAYS = new Set(['ENOTEMPTY', 'EBUSY', 'EACCES', 'EPERM'])

async function removeFiles(directory: string, removable: boolean): Promise<void> {
  // The lock last: until then nobody else begins here.
  for (const name of [ADDRESS_FILE, `${ADDRESS_FILE}.new`, FILE, `${FILE}-lock`, LOCK_FILE])
    await rm(join(directory, name), { force: true })
  if (!removable) return
  // Something else is in it, or something is mounted on it, or the directory above isn't ours.
  await rmdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (!STAYS.has(error.code ?? '')) throw error
  })
}
