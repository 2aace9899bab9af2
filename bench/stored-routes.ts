import { mkdir } from 'node:fs/promises'
import { pino } from 'pino'
import { LmdbStore } from '../src/store/lmdb/store.js'

/** Makes a state directory that has these routes, as if they had been added. */
export async function storeRoutes(directory: string, routespecs: readonly string[], target: string): Promise<void> {
  await mkdir(directory, { mode: 0o700 })
  const store = await LmdbStore.open(directory, pino({ level: 'silent' }))
  const data = { target, user: 'someone', jupyterhub: true }
  await store.fill(routespecs.map((routespec) => ({ routespec, data, lastActivity: new Date() })))
  await store.close()
}
