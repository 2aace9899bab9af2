import { FatalError } from '../../platform/fatal-error.js'
import type { PlainLog } from '../../platform/log.js'
import { storeReason } from '../../routing/errors.js'
import type { Route } from '../../routing/route.js'
import type { StateDirKey } from '../directory/state-dir.js'
import { possibleStateDirs } from '../directory/state-dir.js'
import { readKept } from '../lmdb/read-kept.js'
import type { SharedStore } from '../shared.js'

/**
 * Takes over what this proxy has kept on disk into a shared store that was never in use, so that a hub's table survives
 * the change of the store. This is done once: the store is marked as in use. If it fails halfway, the next start does the
 * rest. What is on disk stays.
 *
 * @throws FatalError if the store can't be read or written
 */
export async function takeLocalRoutes(store: SharedStore, key: StateDirKey, log: PlainLog): Promise<void> {
  try {
    if (await store.hasBegun()) return
    const local = await localRoutes(key, log)
    if (local.isDamaged) return
    const { routes, directory } = local
    if (routes.length > 0) {
      const stored = new Set((await store.reload()).routes.map(({ routespec }) => routespec))
      await store.fill(routes.filter(({ routespec }) => !stored.has(routespec)))
      log.info(`Took over the ${routes.length} routes of ${directory} into ${store.where}, which was not in use yet`)
    }
    await store.begin()
  } catch (error) {
    if (error instanceof FatalError) throw error
    throw new FatalError(`${store.where} can't be used for routes: ${storeReason(error as Error)}`)
  }
}

interface LocalRoutes {
  readonly routes: readonly Route[]
  readonly directory: string
  readonly isDamaged: boolean
}

/** Undamaged without routes if there are none. */
async function localRoutes(key: StateDirKey, log: PlainLog): Promise<LocalRoutes> {
  for (const directory of await possibleStateDirs(key)) {
    try {
      const routes = await readKept(directory, log)
      if (routes !== undefined) return { routes, directory, isDamaged: false }
    } catch (error) {
      if (!(error instanceof FatalError)) throw error
      log.warn(`The routes on this machine are not taken over: ${error.message}`)
      return { routes: [], directory, isDamaged: true }
    }
  }
  return { routes: [], directory: '', isDamaged: false }
}
