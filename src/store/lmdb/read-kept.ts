import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FatalError } from '../../platform/fatal-error.js'
import type { PlainLog } from '../../platform/log.js'
import { lastActive } from '../../routing/last-active.js'
import type { Route } from '../../routing/route.js'
import { exists } from '../directory/state-dir.js'
import { ACTIVITY_FILE, ActivityFile } from './activity-file.js'
import { readRoutes } from './read-routes.js'
import { ROUTES_FILE } from './store.js'

/**
 * The routes that are kept in a directory, which is not changed: LMDB makes a lock file beside what it reads, so a copy
 * is read. That of a file in use may be inconsistent, which is found out.
 *
 * @returns undefined if none are kept there
 * @throws FatalError with the fault of the file and the remedy
 */
export async function readKept(directory: string, log: PlainLog): Promise<readonly Route[] | undefined> {
  const path = join(directory, ROUTES_FILE)
  if (!(await exists(path))) return undefined
  const routes = await readCopy(path)
  const [, times] = await ActivityFile.open(join(directory, ACTIVITY_FILE), log)
  return routes.map((route) => lastActive(route, times.get(route.routespec)))
}

async function readCopy(path: string): Promise<readonly Route[]> {
  const directory = await mkdtemp(join(tmpdir(), 'cep-copy-'))
  const copy = join(directory, ROUTES_FILE)
  try {
    await copyFile(path, copy)
    return (await readRoutes(copy)).routes
  } catch (error) {
    if (error instanceof FatalError) throw new FatalError(error.message.replaceAll(copy, path))
    throw new FatalError(`${path} can't be read: ${(error as Error).message}`)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
