import type { StateDirKey } from './directory/state-dir.js'
import { possibleStateDirs } from './directory/state-dir.js'
import { removeRoutes } from './lmdb/store.js'

/**
 * Removes the routes that a proxy has kept on disk.
 *
 * @returns what was done, in a sentence
 * @throws FatalError if a proxy that runs has them or they can't be removed
 */
export async function forgetRoutes(key: StateDirKey): Promise<string> {
  const removed: string[] = []
  for (const directory of await possibleStateDirs(key)) if (await removeRoutes(directory)) removed.push(directory)
  return removed.length === 0
    ? 'There are no routes to remove: none are kept on disk for these options'
    : `Removed the routes in ${removed.join(' and ')}`
}
