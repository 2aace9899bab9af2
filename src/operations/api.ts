import type { Answer, ApiCall, Endpoint, Handler } from '../api/call.js'
import { json, pathOf, plain } from '../api/call.js'
import type { Operations } from './operations.js'
import { questionOf, routesQueryOf } from './queries.js'

/** Serves the views as JSON below /api, to clients with the token. */
export function operationsApi(operations: Operations): Endpoint {
  const views: Readonly<Record<string, Handler>> = {
    '/api/explain': async (call) => {
      const question = questionOf(call)
      return question === undefined ? plain(400, USAGE) : fresh(await operations.explain(question))
    },
    '/api/status': async () => fresh(await operations.overview()),
    '/api/status/routes': (call) => fresh(operations.routes(routesQueryOf(call))),
  }
  const handler = (call: ApiCall) => views[pathOf(call)]?.(call) ?? plain(404, 'Not Found')
  return {
    matches: (path) => Object.hasOwn(views, path),
    needsToken: true,
    handler: (method) => (method === 'GET' ? handler : undefined),
  }
}

const USAGE = 'Must specify ?path=/the/path, and may specify &host=the.host'

/** It is worth nothing a moment later. */
function fresh(value: unknown): Answer {
  return { ...json(value), headers: { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } }
}
