import type { Logger } from '../platform/log.js'
import type { OpenedStore } from '../routing/store.js'
import { loadChpBackend } from './chp/module.js'
import type { StateDirKey } from './directory/state-dir.js'
import { openStateDir, possibleStateDirs } from './directory/state-dir.js'
import { LmdbStore, removeRoutes } from './lmdb/store.js'
import { MemoryStore } from './memory.js'

export interface OpenStoreOptions {
  /**
   * `lmdb` stores routes on disk, `memory` in this process; anything else is the name or path of a Node.js module that
   * exports a storage class of CHP.
   */
  readonly backend: string
  /** The directory to store them in; undefined for the default one of the public address. */
  readonly stateDir: string | undefined
  readonly publicAddress: string
  readonly env: NodeJS.ProcessEnv
  /** Whether other users may run programs on this machine. */
  readonly isShared: boolean
  readonly defaultTarget: string | undefined
  readonly hostRouting: boolean
  readonly log: Logger
}

/** @throws FatalError if there is no such store or it can't be used */
export async function openStore(options: OpenStoreOptions): Promise<OpenedStore> {
  const { backend, stateDir, defaultTarget, hostRouting, log } = options
  if (backend === 'memory') return new MemoryStore()
  if (backend !== 'lmdb') return loadChpBackend(backend, { defaultTarget, hostRouting, storageBackend: backend, log })
  const warn = (message: string) => log.warn(message)
  const directory = await openStateDir({ ...options, explicit: stateDir, warn })
  return LmdbStore.open(directory, log, stateDir === undefined)
}

/**
 * Removes the routes that a proxy has stored on disk.
 *
 * @returns what was done, in a sentence
 * @throws FatalError if a running proxy uses them or they can't be removed
 */
export async function forgetRoutes(key: StateDirKey): Promise<string> {
  const removed: string[] = []
  for (const directory of await possibleStateDirs(key)) if (await removeRoutes(directory)) removed.push(directory)
  return removed.length === 0
    ? 'There are no routes to remove: none are kept on disk for these options'
    : `Removed the routes in ${removed.join(' and ')}`
}
