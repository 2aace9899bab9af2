import { FatalError } from '../../platform/fatal-error.js'
import type { Route } from '../../routing/route.js'
import { possibleStateDirs } from '../../store/directory/state-dir.js'
import { readKept } from '../../store/lmdb/read-kept.js'
import type { SharedBackend } from '../../store/open/open.js'
import { chooseBackend, isShared } from '../../store/open/open.js'
import { Inapplicable, usable } from '../model/check.js'
import { oncePer } from '../model/once.js'
import type { Subject } from '../model/subject.js'
import { isRunning } from '../model/subject.js'
import { askApi } from './api.js'
import { withSharedStore } from './shared-store.js'

/** A route as far as it is examined. */
export interface FoundRoute {
  readonly routespec: string
  readonly target: string
  readonly lastActivity: Date
  /** Why Envoy doesn't serve it; undefined if it does. */
  readonly rejected: string | undefined
}

/**
 * The routes of the running proxy, or those that a start would find in its store.
 *
 * @throws Error saying why they can't be read
 */
export const routesOf = oncePer(async (subject: Subject): Promise<readonly FoundRoute[]> => {
  return isRunning(subject) ? servedRoutes(subject) : (await keptRoutes(subject)).map(toFound)
})

async function servedRoutes(subject: Subject): Promise<FoundRoute[]> {
  const { status, body } = await askApi(subject, '/api/routes')
  if (status === 403) throw new Error('the running proxy refuses the token in CONFIGPROXY_AUTH_TOKEN, or there is none')
  if (status !== 200) throw new Error(`the running proxy answers GET /api/routes with ${status}`)
  const routes = JSON.parse(body) as Record<string, { target: string; last_activity: string; rejected?: string }>
  return Object.entries(routes).map(([routespec, { target, last_activity, rejected }]) => ({
    ...{ routespec, target, rejected },
    lastActivity: new Date(last_activity),
  }))
}

function toFound({ routespec, data, lastActivity }: Route): FoundRoute {
  return { routespec, target: data.target, lastActivity, rejected: undefined }
}

/**
 * The routes that a start would find.
 *
 * @throws FatalError if the store can't be used; Inapplicable if there is none
 */
export async function keptRoutes(subject: Subject): Promise<readonly Route[]> {
  const { sections, stateDir, env } = subject
  const settings = usable(sections.store)
  const { backend } = await chooseBackend({ ...settings, env })
  if (backend === 'memory') throw new Inapplicable('routes are kept in memory alone')
  if (isShared(backend)) return sharedRoutes(backend, subject)
  if (backend !== 'lmdb') throw new Error(`only a start opens the storage class ${backend}`)
  if (stateDir === undefined) throw new Error("its options can't be used (CEP0101)")
  const silent = { info() {}, warn() {} }
  for (const directory of await possibleStateDirs(stateDir)) {
    const routes = await readKept(directory, silent)
    if (routes !== undefined) return routes
  }
  throw new Inapplicable('no routes are kept yet')
}

function sharedRoutes(backend: SharedBackend, subject: Subject): Promise<readonly Route[]> {
  return withSharedStore(backend, subject, async ({ store, warnings }) => {
    // Those of opening it are no matter of the routes: CEP0516 has them.
    const before = warnings.length
    const routes = await store.load()
    if (warnings.length > before) throw new FatalError(warnings.slice(before).join('; '))
    return routes
  })
}
