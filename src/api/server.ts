import type { FastifyError, FastifyInstance, FastifyReply, FastifyServerFactory, RawServerDefault } from 'fastify'
import { fastify } from 'fastify'
import { MethodNotSupportedError } from '../errors.js'
import type { Logger } from '../log.js'
import { malformedRoutespec } from '../routing/routespec.js'
import type { RouteTable } from '../routing/table.js'
import type { ApiTls } from '../settings/api.js'
import { SparseLog } from '../sparse-log.js'
import { tokenCheck } from './auth.js'
import { routeHandlers } from './routes.js'
import { createTlsServer } from './tls.js'

export interface ApiServerOptions {
  readonly table: RouteTable
  readonly token: string
  /** How many Envoys are connected. */
  readonly envoys: () => number
  readonly log: Logger
  /** Undefined for plain HTTP. */
  readonly tls: ApiTls | undefined
  /** Told of every answer, whatever was asked. */
  readonly onAnswer: (answer: ApiAnswer) => void
}

export interface ApiAnswer {
  readonly method: string
  /** As it was sent, without the query. */
  readonly path: string
  readonly status: number
}

/** The largest body of a POST, in bytes; what JupyterHub sends for a route is a few hundred. */
export const BODY_LIMIT = 1024 * 1024

/** How long a client may take to send a request, in milliseconds. */
const REQUEST_TIMEOUT_MS = 30_000

/** Connections of all clients together. The hub has a dozen; a flood must not take the memory or all open files. */
const MAX_CONNECTIONS = 1_000

/** Whether the process answers, and whether it can do its work: for probes, which have no token. */
const LIVE_PATH = '/livez'
const READY_PATH = '/readyz'

const PATHS = ['/api/routes', '/api/routes/*']
const ROUTES = /^\/api\/routes(?:[/?]|$)/

/** The REST API by which the hub changes the route table, as CHP's: the same paths, statuses and bodies. */
export function createApiServer({ table, token, envoys, log, tls, onAnswer }: ApiServerOptions): FastifyInstance {
  const app = fastify({
    ...(tls && { serverFactory: tlsServerFactory(tls, log) }),
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    // The router reads the path before any handler does, and says less clearly what is wrong with it.
    frameworkErrors: (_error, _request, reply) => sendError(malformedRoutespec(), reply),
  })
  const isAuthorized = tokenCheck(token)
  const refused = new SparseLog((line) => log.warn(line))
  const dropped = new SparseLog((line) => log.warn(line))
  app.server.maxConnections = MAX_CONNECTIONS
  app.server.on('drop', () => dropped.add(`The REST API has ${MAX_CONNECTIONS} connections, one more was closed`))

  // As in CHP the content type doesn't matter: the hub sends JSON without saying so.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))

  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.authorized && !isAuthorized(request.headers.authorization)) {
      return reply.code(403).send()
    }
  })
  app.addHook('onResponse', async (request, reply) => {
    const path = request.url.split('?', 1)[0] ?? ''
    if (path === LIVE_PATH || path === READY_PATH) return
    const level = reply.statusCode < 400 ? 'info' : reply.statusCode < 500 ? 'warn' : 'error'
    const line = `${reply.statusCode} ${request.method} ${path}`
    if (reply.statusCode === 403) refused.add(line)
    else log[level](line)
    onAnswer({ method: request.method, path, status: reply.statusCode })
  })
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    if ((error.statusCode ?? 500) >= 500) log.error(error.message)
    sendError(error, reply)
  })
  app.setNotFoundHandler((request, reply) => {
    if (ROUTES.test(request.url)) throw new MethodNotSupportedError()
    return reply.code(404).type('text/plain').send('Not Found')
  })

  app.get(LIVE_PATH, async (_request, reply) => reply.type('text/plain').send('alive\n'))
  // There is an API only once the table is loaded and Envoys can connect.
  app.get(READY_PATH, async (_request, reply) => {
    return reply.type('text/plain').send(`ready: the table is loaded, Envoys connected: ${envoys()}\n`)
  })

  const handlers = routeHandlers(table)
  const config = { authorized: true }
  for (const url of PATHS) {
    app.get(url, { config }, handlers.get)
    app.post(url, { config }, handlers.post)
    app.delete(url, { config }, handlers.delete)
  }
  return app
}

/** What Fastify sets up for a server that it makes by itself. */
function tlsServerFactory(tls: ApiTls, log: Logger): FastifyServerFactory {
  return (handler) => {
    const server = createTlsServer(tls, handler, log)
    server.requestTimeout = REQUEST_TIMEOUT_MS
    return server as unknown as RawServerDefault
  }
}

function sendError(error: Error & { statusCode?: number }, reply: FastifyReply): void {
  reply
    .code(error.statusCode ?? 500)
    .type('text/plain')
    .send(error.message)
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the request must carry the token. */
    authorized?: boolean
  }
}
