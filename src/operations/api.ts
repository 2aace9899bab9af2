import type { FastifyRequest } from 'fastify'
import type { Mount } from '../api/server.js'
import type { Question } from './explain/explanation.js'
import type { Operations } from './operations.js'

/** Serves the views as JSON below /api, to clients with the token. */
export function operationsApi(operations: Operations): Mount {
  return (app) => {
    app.get('/api/explain', { config: { authorized: true } }, async (request, reply) => {
      const question = questionOf(request)
      if (question === undefined) return reply.code(400).type('text/plain').send(USAGE)
      return operations.explain(question)
    })
  }
}

const USAGE = 'Must specify ?path=/the/path, and may specify &host=the.host'

function questionOf(request: FastifyRequest): Question | undefined {
  const query = new URLSearchParams(request.url.split('?').slice(1).join('?'))
  const [path = ''] = (query.get('path') ?? '').split(/[?#]/, 1)
  if (!path.startsWith('/')) return undefined
  return { path, host: query.get('host') || null }
}
