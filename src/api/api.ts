import type { Logger } from '../platform/log.js'
import type { RouteTable } from '../routing/table.js'
import type { Answer, ApiCall, Endpoint } from './call.js'
import { pathOf, plain } from './call.js'
import { MethodNotSupportedError } from './errors.js'
import { routesEndpoint } from './routes.js'

export interface ApiOptions {
  readonly table: RouteTable
  /** How many Envoys are connected. */
  readonly envoys: () => number
  readonly log: Logger
  /** Undefined if this process is the only control plane. */
  readonly place?: PlaceAmongOthers | undefined
  /** What is served beside the routes. By it the layers above this one serve here too. */
  readonly more: readonly Endpoint[]
}

/** Where this control plane stands among others that serve the same routes. */
export interface PlaceAmongOthers {
  /** Whether callers should be sent here rather than to another one. */
  readonly isReady: boolean
  /** @throws an error with a status if routes can't be changed here now */
  requireIn(): void
}

/** Answers a call, whose sender may use the API or not. Never rejects. */
export type Api = (call: ApiCall, mayUse: boolean) => Promise<Answer>

/** Whether the process is alive, and whether it is ready: for probes, which have no token. */
const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz'])

/** Whether a path is one of those that only tell whether the process is alive or ready. */
export function isProbe(path: string): boolean {
  return PROBES.has(path)
}

/** The REST API of the route table, as in CHP: the same paths, statuses and bodies. */
export function createApi({ table, envoys, log, place, more }: ApiOptions): Api {
  const endpoints = [routesEndpoint(table, log, () => place?.requireIn()), probes(envoys, place), ...more]
  return async (call, mayUse) => {
    try {
      return await answer(endpoints, call, mayUse)
    } catch (error) {
      const { statusCode: status = 500, message } = error as Error & { readonly statusCode?: number }
      if (status >= 500) log.error(message)
      return plain(status, message)
    }
  }
}

/** Whatever the answer to a stranger is, it comes before the body is read into memory. */
async function answer(endpoints: readonly Endpoint[], call: ApiCall, mayUse: boolean): Promise<Answer> {
  const path = pathOf(call)
  const endpoint = endpoints.find(({ matches }) => matches(path))
  const handler = endpoint?.handler(call.method)
  if (endpoint === undefined || handler === undefined) {
    // As in CHP.
    if (endpoint?.needsToken) throw new MethodNotSupportedError()
    return plain(404, 'Not Found')
  }
  if (endpoint.needsToken && !mayUse) return { status: 403 }
  return handler(call)
}

function probes(envoys: () => number, place: PlaceAmongOthers | undefined): Endpoint {
  const handler = ({ url }: ApiCall) => {
    if (pathOf({ url }) === '/livez') return plain(200, 'alive\n')
    if (place?.isReady === false) return plain(503, 'not ready: calls are for another control plane\n')
    // The API is served only once the table is loaded and Envoys can connect, so one without others is always ready.
    return plain(200, `ready: the table is loaded, Envoys connected: ${envoys()}\n`)
  }
  return { matches: isProbe, needsToken: false, handler: (method) => (method === 'GET' ? handler : undefined) }
}
