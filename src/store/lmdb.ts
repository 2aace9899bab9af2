import type { FileHandle } from 'node:fs/promises'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as endOfTurn } from 'node:timers/promises'
import { NotStoredError } from '../errors.js'
import type { Logger } from '../log.js'
import type { Route } from '../routing/route.js'
import type { LmdbFile, Write } from './lmdb-file.js'
import { WRITES } from './lmdb-file.js'
import { lockDirectory } from './lock.js'
import type { OpenedStore } from './opened.js'
import { readRoutes } from './read-routes.js'
import { reasonOf } from './reason.js'
import { encodeRoute, routeKeyOf } from './records.js'
import { renewFile } from './renew.js'

interface Pending {
  readonly writes: readonly Write[]
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/**
 * Keeps routes in an LMDB file. What it has stored survives the end of any process, and of the machine as far as the
 * disk keeps what it says it has. Changes that come while others are being written share the next transaction.
 */
export class LmdbStore implements OpenedStore {
  readonly isDurable = true
  readonly isNew: boolean
  readonly #lock: FileHandle
  readonly #file: LmdbFile
  #loaded: readonly Route[]
  readonly #queue: Pending[] = []
  #writing: Promise<void> | undefined

  private constructor(lock: FileHandle, file: LmdbFile, loaded: readonly Route[] | undefined) {
    this.#lock = lock
    this.#file = file
    this.#loaded = loaded ?? []
    this.isNew = loaded === undefined
  }

  /**
   * @param directory see {@link openStateDir}
   * @throws FatalError if another process has the directory or its file can't be used
   */
  static async open(directory: string, log: Logger): Promise<LmdbStore> {
    const lock = await lockDirectory(directory)
    try {
      const path = join(directory, 'routes.mdb')
      const stored = (await exists(path)) ? await readRoutes(path) : undefined
      return new LmdbStore(lock, await renewFile(path, stored?.entries, log), stored?.routes)
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

  put(route: Route, replaced?: string): Promise<void> {
    const removal = replaced === undefined ? [] : [{ key: routeKeyOf(replaced), value: undefined }]
    return this.#write([encodeRoute(route), ...removal])
  }

  delete(routespec: string): Promise<void> {
    return this.#write([{ key: routeKeyOf(routespec), value: undefined }])
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#file.close()
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

/** A file that can't even be looked for is no missing one: reading it will say why. */
function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  )
}
