import type { FileHandle } from 'node:fs/promises'
import { rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as endOfTurn } from 'node:timers/promises'
import { ADDRESS_FILE } from '../../names/address-file.js'
import { FatalError } from '../../platform/fatal-error.js'
import type { Logger } from '../../platform/log.js'
import { NotStoredError } from '../../routing/errors.js'
import { lastActive } from '../../routing/last-active.js'
import type { Route } from '../../routing/route.js'
import type { OpenedStore, Revision, RouteChange } from '../../routing/store.js'
import { LOCK_FILE, lockDirectory } from '../directory/lock.js'
import { exists } from '../directory/state-dir.js'
import { ACTIVITY_FILE, ActivityFile } from './activity-file.js'
import { reasonOf } from './errors.js'
import type { Write } from './file.js'
import { LmdbFile, WRITES } from './file.js'
import { readRoutes } from './read-routes.js'
import { encodeRoute, entryKeyOf } from './records.js'
import { renewFile, replaceFile } from './renew.js'

interface Pending {
  readonly writes: readonly Write[]
  readonly resolve: (transaction: number) => void
  readonly reject: (error: Error) => void
}

interface LmdbStoreParts {
  readonly directory: string
  readonly removable: boolean
  readonly lock: FileHandle
  readonly file: LmdbFile
  readonly activity: ActivityFile
  readonly loaded: readonly Route[]
}

/**
 * Stores routes in an LMDB file. Stored routes survive the end of any process, and of the machine as far as the disk
 * keeps what it reports as written. Changes that arrive while others are being written share the next transaction.
 */
export class LmdbStore implements OpenedStore {
  readonly isDurable = true
  readonly isNew: boolean
  readonly where: string
  readonly directory: string
  readonly #removable: boolean
  readonly #lock: FileHandle
  readonly #activity: ActivityFile
  #storingActivity = Promise.resolve()
  #file: LmdbFile
  #loaded: readonly Route[]
  readonly #queue: Pending[] = []
  #writing: Promise<void> | undefined

  private constructor({ directory, removable, lock, file, activity, loaded }: LmdbStoreParts) {
    this.#removable = removable
    this.directory = directory
    this.where = directory
    this.#lock = lock
    this.#file = file
    this.#activity = activity
    this.#loaded = loaded
    this.isNew = this.#loaded.length === 0
  }

  /**
   * @param directory see {@link openStateDir}
   * @param removable whether the directory may be removed too when there are no routes
   * @throws FatalError if another process uses the directory or its file can't be used
   */
  static async open(directory: string, log: Logger, removable = false): Promise<LmdbStore> {
    const lock = await lockDirectory(directory)
    try {
      const path = join(directory, ROUTES_FILE)
      const stored = (await exists(path)) ? await readRoutes(path) : undefined
      const file = await renewFile(path, stored?.entries, log)
      const [activity, times] = await ActivityFile.open(join(directory, ACTIVITY_FILE), log)
      const loaded = (stored?.routes ?? []).map((route) => lastActive(route, times.get(route.routespec)))
      return new LmdbStore({ directory, removable, lock, file, activity, loaded })
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
    const path = join(this.directory, ROUTES_FILE)
    await this.#file.close()
    try {
      await replaceFile(path, entries)
    } catch (error) {
      this.#file = await LmdbFile.open(path, [])
      throw new NotStoredError(reasonOf(error as Error))
    }
    this.#file = await LmdbFile.open(path, entries)
  }

  async write({ before, after }: RouteChange): Promise<Revision> {
    const removed = before === after?.routespec ? undefined : before
    const transaction = await this.#write([
      ...(after === undefined ? [] : [encodeRoute(after)]),
      ...(removed === undefined ? [] : [{ key: entryKeyOf(removed), value: undefined }]),
    ])
    return BigInt(transaction)
  }

  storeActivity(routes: readonly Route[], since: Date): Promise<void> {
    const stored = this.#storingActivity.then(() => this.#activity.store(routes, since))
    this.#storingActivity = stored.catch(() => {})
    return stored.catch((error: Error) => {
      throw new NotStoredError(reasonOf(error))
    })
  }

  close(): Promise<void> {
    return this.#end(this.#file.routes === 0)
  }

  discard(own: number): Promise<void> {
    return this.#end(this.#file.routes <= (this.isNew ? own : 0))
  }

  async #end(remove: boolean): Promise<void> {
    await this.#writing
    await this.#storingActivity
    await this.#file.close()
    // While the lock is still held.
    if (remove) await removeFiles(this.directory, this.#removable)
    await this.#lock.close()
  }

  #write(writes: readonly Write[]): Promise<number> {
    const written = new Promise<number>((resolve, reject) => this.#queue.push({ writes, resolve, reject }))
    this.#writing ??= this.#writeAll()
    return written
  }

  async #writeAll(): Promise<void> {
    // Changes that Envoy acknowledged together arrive in one turn of the event loop: they share a transaction.
    await endOfTurn()
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, WRITES.anywhere.most)
      try {
        const transaction = await this.#file.commit(batch.flatMap(({ writes }) => writes))
        for (const { resolve } of batch) resolve(transaction)
      } catch (error) {
        for (const { reject } of batch) reject(new NotStoredError(reasonOf(error as Error)))
      }
    }
    this.#writing = undefined
  }
}

export const ROUTES_FILE = 'routes.mdb'

/** All files of the directory. The lock is the last one: until it is removed, no other proxy starts here. */
const FILES = [
  ...[ADDRESS_FILE, `${ADDRESS_FILE}.new`, ACTIVITY_FILE, `${ACTIVITY_FILE}.new`],
  ...[ROUTES_FILE, `${ROUTES_FILE}-lock`, LOCK_FILE],
]

/**
 * Removes the routes that are stored in a directory, and the directory if it is then empty.
 *
 * @returns whether there were any
 * @throws FatalError if another process uses them or they can't be removed
 */
export async function removeRoutes(directory: string): Promise<boolean> {
  if (!(await exists(join(directory, ROUTES_FILE)))) return false
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
  for (const name of FILES) await rm(join(directory, name), { force: true })
  if (!removable) return
  // It may have other files, be a mount point, or be in a directory that isn't ours.
  await rmdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (!STAYS.has(error.code ?? '')) throw error
  })
}
