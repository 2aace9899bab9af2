import type { Server as TlsServer } from 'node:https'
import type {
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifyServerFactory,
  RawServerDefault,
} from 'fastify'
import { fastify } from 'fastify'
import type { ListenAddress } from '../platform/address.js'
import { listening, listenOptions } from '../platform/address.js'
import { Connections } from '../platform/connections.js'
import type { Logger } from '../platform/log.js'
import { SparseLog } from '../platform/sparse-log.js'
import { printable } from '../platform/text.js'
import { malformedRoutespec } from '../routing/routespec.js'
import type { RouteTable } from '../routing/table.js'
import type { ApiTls } from '../settings/api.js'
import { authorize } from './auth.js'
import { MethodNotSupportedError } from './errors.js'
import { routeHandlers } from './routes.js'
import { acceptedSocket, createTlsServer, reloadTls } from './tls.js'

/**
 * Adds paths to the API's server. By it the layers above this one serve there too. A path with `config: { authorized:
 * true }` wants the token.
 */
export type Mount = (app: FastifyInstance) => void

export interface ApiServerOptions {
  readonly table: RouteTable
  /** Undefined if every client may use the API. */
  readonly token: string | undefined
  /** How many connections may be open at once. */
  readonly maxConnections: number
  /** How many Envoys are connected. */
  readonly envoys: () => number
  readonly log: Logger
  /** Undefined for plain HTTP. */
  readonly tls: ApiTls | undefined
  /** Called for every answer, also to unknown paths. */
  readonly onAnswer: (answer: ApiAnswer) => void
  /** What is served beside the routes. */
  readonly mounts: readonly Mount[]
  /** Called with the connections, once the server has been made. */
  readonly onConnections?: (connections: Connections) => void
}

export interface ApiAnswer {
  readonly method: string
  /** Unchanged, without the query. */
  readonly path: string
  readonly status: number
}

/** The largest body of a POST, in bytes; JupyterHub's are a few hundred. */
export const BODY_LIMIT = 1024 * 1024

/** How long a client may take to send a request, and how often Node.js checks that, in milliseconds. */
const SENDING = { requestTimeout: 10_000, connectionsCheckingInterval: 1_000 } as const

/** How much of a path is logged, in characters. */
const SHOWN = 200

/** Whether the process is alive, and whether it is ready: for probes, which have no token. */
const LIVE_PATH = '/livez'
const READY_PATH = '/readyz'

const PATHS = ['/api/routes', '/api/routes/*']
const ROUTES = /^\/api\/routes(?:[/?]|$)/

/** The REST API of the route table, as in CHP: the same paths, statuses and bodies. */
export function createApiServer(options: ApiServerOptions): FastifyInstance {
  const { table, token, maxConnections, envoys, log, tls, onAnswer, mounts } = options
  const app = fastify({
    ...(tls ? { serverFactory: tlsServerFactory(tls, log) } : { http: SENDING }),
    bodyLimit: BODY_LIMIT,
    requestTimeout: SENDING.requestTimeout,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    // The router parses the path before the handlers, and its errors are less clear.
    frameworkErrors: (_error, _request, reply) => sendError(malformedRoutespec(), closeAfterwards(reply)),
  })
  const isAuthorized = authorize(token)
  const connections = new Connections(app.server, { server: 'The REST API', most: maxConnections, log })
  options.onConnections?.(connections)
  const refused = new SparseLog((line) => log.warn(line))
  const astray = new SparseLog((line) => log.warn(line))

  // As in CHP the content type doesn't matter: the hub sends JSON without declaring it.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))

  app.decorateRequest('mayUse', false)
  app.addHook('onRequest', async (request, reply) => {
    request.mayUse = isAuthorized(request.headers)
    if (request.mayUse) connections.prove(acceptedSocket(request.raw.socket))
    else closeAfterwards(reply)
    // Answered before the body is read into memory.
    if (request.is404) return answerAstray(request, reply)
    if (request.routeOptions.config.authorized && !request.mayUse) return reply.code(403).send()
  })
  app.addHook('onResponse', async (request, reply) => {
    const { method, url, mayUse } = request
    const path = url.split('?', 1)[0] ?? ''
    if (path === LIVE_PATH || path === READY_PATH) return
    const status = reply.statusCode
    const level = status < 400 ? 'info' : status < 500 ? 'warn' : 'error'
    const line = `${status} ${method} ${printable(path, SHOWN)}`
    if (mayUse) log[level](line)
    else (status === 403 ? refused : astray).add(line)
    onAnswer({ method, path, status })
  })
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    if ((error.statusCode ?? 500) >= 500) log.error(error.message)
    sendError(error, reply)
  })

  answerProbes(app, envoys)
  const handlers = routeHandlers(table, log)
  const config = { authorized: true }
  for (const url of PATHS) {
    app.get(url, { config }, handlers.get)
    app.post(url, { config }, handlers.post)
    app.delete(url, { config }, handlers.delete)
  }
  for (const mount of mounts) mount(app)
  return app
}

function answerProbes(app: FastifyInstance, envoys: () => number): void {
  app.get(LIVE_PATH, async (_request, reply) => reply.type('text/plain').send('alive\n'))
  // The API is served only once the table is loaded and Envoys can connect, so this is always ready.
  app.get(READY_PATH, async (_request, reply) => {
    return reply.type('text/plain').send(`ready: the table is loaded, Envoys connected: ${envoys()}\n`)
  })
}

/**
 * Serves the REST API until the returned function is called.
 *
 * @throws FatalError if nothing can listen there
 */
export async function serveApi(options: ApiServerOptions & { readonly at: ListenAddress }): Promise<() => unknown> {
  const server = createApiServer(options)
  // As many may wait to be accepted as may be open; otherwise the kernel would drop them, and they would retry.
  const backlog = options.maxConnections
  await listening('The REST API', options.at, () => server.listen({ ...listenOptions(options.at), backlog }))
  const watch = options.tls && reloadTls(server.server as unknown as TlsServer, options.tls, options.log)
  return () => {
    watch?.close()
    return server.close()
  }
}

/** As in CHP. @throws MethodNotSupportedError if only the method is wrong */
function answerAstray(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (ROUTES.test(request.url)) throw new MethodNotSupportedError()
  return reply.code(404).type('text/plain').send('Not Found')
}

function tlsServerFactory(tls: ApiTls, log: Logger): FastifyServerFactory {
  return (handler) => createTlsServer(tls, SENDING, handler, log) as unknown as RawServerDefault
}

/** Closes a stranger's connection with the answer: see {@link Connections}. */
function closeAfterwards(reply: FastifyReply): FastifyReply {
  return reply.header('connection', 'close')
}

function sendError(error: Error & { statusCode?: number }, reply: FastifyReply): void {
  if (error.statusCode === 503) reply.header('retry-after', RETRY_AFTER_S)
  reply
    .code(error.statusCode ?? 500)
    .type('text/plain')
    .send(error.message)
}

/** What was away may be back by then: Envoy after a restart, or a store. */
const RETRY_AFTER_S = 2

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the request must carry the token. */
    authorized?: boolean
  }
  interface FastifyRequest {
    /** Whether the sender may use the API. */
    mayUse: boolean
  }
}
