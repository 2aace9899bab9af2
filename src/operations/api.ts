import type { ApiCall, Endpoint, Handler } from '../api/call.js'
import { json, plain } from '../api/call.js'
import type { Question } from './explain/explanation.js'
import type { Operations } from './operations.js'

/** Serves the views as JSON below /api, to clients with the token. */
export function operationsApi(operations: Operations): Endpoint {
  const explain: Handler = async (call) => {
    const question = questionOf(call)
    return question === undefined ? plain(400, USAGE) : json(await operations.explain(question))
  }
  return {
    matches: (path) => path === '/api/explain',
    needsToken: true,
    handler: (method) => (method === 'GET' ? explain : undefined),
  }
}

const USAGE = 'Must specify ?path=/the/path, and may specify &host=the.host'

function questionOf({ url }: ApiCall): Question | undefined {
  const query = new URLSearchParams(url.split('?').slice(1).join('?'))
  const [path = ''] = (query.get('path') ?? '').split(/[?#]/, 1)
  if (!path.startsWith('/')) return undefined
  return { path, host: query.get('host') || null }
}
