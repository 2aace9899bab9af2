import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ListenAddress } from '../platform/address.js'
import { listening, listenOnAllOfLocalhost, listenOptions } from '../platform/address.js'
import { Connections } from '../platform/connections.js'
import type { Logger } from '../platform/log.js'
import { SparseLog } from '../platform/sparse-log.js'
import { printable } from '../platform/text.js'
import type { ApiTls } from '../settings/api.js'
import type { Api } from './api.js'
import { isProbe } from './api.js'
import { authorize } from './auth.js'
import { readBody } from './body.js'
import type { Answer } from './call.js'
import { pathOf } from './call.js'
import { acceptedSocket, createTlsServer, reloadTls } from './tls.js'

export interface ApiServerOptions {
  readonly api: Api
  readonly at: ListenAddress
  /** Undefined if every client may use the API. */
  readonly token: string | undefined
  /** How many connections may be open at once. */
  readonly maxConnections: number
  readonly log: Logger
  /** Undefined for plain HTTP. */
  readonly tls: ApiTls | undefined
  /** Called for every answer, also to unknown paths. */
  readonly onAnswer: (answer: ApiAnswer) => void
  /** Called with the connections, once the server has been made. */
  readonly onConnections?: (connections: Connections) => void
}

export interface ApiAnswer {
  readonly method: string
  /** Unchanged, without the query. */
  readonly path: string
  readonly status: number
}

/**
 * How long a client may take to send a request, how often Node.js checks that, and how long a connection may be idle,
 * in milliseconds. The last is above what clients keep a connection for, so that they close it, and never send a
 * request on one that is being closed.
 */
const TIMES = { requestTimeout: 10_000, connectionsCheckingInterval: 1_000, keepAliveTimeout: 72_000 } as const

/** How long calls in flight may take when the server ends, in milliseconds. */
const LAST_CALLS_MS = 3_000

const BODY_TOO_LARGE = 413

/** After how many seconds to ask again: what was away may be back by then, Envoy after a restart, or a store. */
const RETRY_AFTER_S = 2

/** How much of a path is logged, in characters. */
const SHOWN = 200

/**
 * Serves the REST API until the returned function is called, which may be called again.
 *
 * @throws FatalError if nothing can listen there
 */
export async function serveApi(options: ApiServerOptions): Promise<() => Promise<void>> {
  const { api, at, tls, maxConnections, log } = options
  const isAuthorized = authorize(options.token)
  const onEnd = logAnswers(options)
  const handle: RequestListener = (request, response) => {
    const mayUse = isAuthorized(request.headers)
    if (mayUse) connections.prove(acceptedSocket(request.socket))
    void respond(api, request, response, mayUse, (admitted) => {
      response.once('finish', () => onEnd(request, response.statusCode, admitted))
      if (admitted) connections.prove(acceptedSocket(request.socket))
      // A stranger's connection ends with the answer: see Connections.
      else response.setHeader('connection', 'close')
    })
  }
  const server = tls === undefined ? createServer(TIMES, handle) : createTlsServer(tls, TIMES, handle, log)
  const connections = new Connections(server, { server: 'The REST API', most: maxConnections, log })
  options.onConnections?.(connections)
  const others = await listen(server, at, maxConnections)
  const watch = tls && reloadTls(server as TlsServer, tls, log)
  const close = async () => {
    watch?.close()
    for (const other of others) other.close()
    const closed = new Promise((resolve) => server.close(resolve))
    // Calls in flight may end, unless a client is slow.
    const late = setTimeout(() => server.closeAllConnections(), LAST_CALLS_MS)
    server.closeIdleConnections()
    await closed
    clearTimeout(late)
  }
  let closed: Promise<void> | undefined
  return () => {
    closed ??= close()
    return closed
  }
}

/** As many may wait to be accepted as may be open; otherwise the kernel would drop them, and they would retry. */
async function listen(
  server: Server | TlsServer,
  at: ListenAddress,
  backlog: number,
): ReturnType<typeof listenOnAllOfLocalhost> {
  await listening(
    'The REST API',
    at,
    () =>
      new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen({ ...listenOptions(at), backlog }, resolve)
      }),
  )
  return listenOnAllOfLocalhost(server, at, backlog)
}

/** @param onAnswer called before the answer is sent, with whether its receiver may use the API */
async function respond(
  api: Api,
  request: IncomingMessage,
  response: ServerResponse,
  mayUse: boolean,
  onAnswer: (admitted: boolean) => void,
): Promise<void> {
  const { method = '', url = '', headers } = request
  const answer = await api({ method, url, headers, body: (limit) => readBody(request, limit) }, mayUse)
  onAnswer(mayUse || answer.admitted === true)
  // What is left of the body is never read.
  if (answer.status === BODY_TOO_LARGE) response.setHeader('connection', 'close')
  if (answer.status === 503) response.setHeader('retry-after', RETRY_AFTER_S)
  await send(response, answer)
}

async function send(response: ServerResponse, { status, type, body = '', headers = {} }: Answer): Promise<void> {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  if (type !== undefined) response.setHeader('content-type', type)
  if (typeof body === 'string') {
    // A 204 has no length.
    if (status !== 204) response.setHeader('content-length', Buffer.byteLength(body))
    response.writeHead(status).end(body)
    return
  }
  response.writeHead(status)
  // It fails if the client leaves before the end, which is its own affair.
  await pipeline(Readable.from(body, { objectMode: false }), response).catch(() => {})
}

/** Makes the function that logs and counts answers. A stranger can't fill the log. */
function logAnswers({
  log,
  onAnswer,
}: ApiServerOptions): (request: IncomingMessage, status: number, mayUse: boolean) => void {
  const refused = new SparseLog((line) => log.warn(line))
  const astray = new SparseLog((line) => log.warn(line))
  return ({ method = '', url = '' }, status, mayUse) => {
    const path = pathOf({ url })
    if (isProbe(path)) return
    const level = status < 400 ? (isView(method, path) ? 'debug' : 'info') : status < 500 ? 'warn' : 'error'
    const line = `${status} ${method} ${printable(path, SHOWN)}`
    if (mayUse) log[level](line)
    else (status === 403 ? refused : astray).add(line)
    onAnswer({ method, path, status })
  }
}

/** Whether it only shows how things are: such pages are asked for again every few seconds. */
function isView(method: string, path: string): boolean {
  return method === 'GET' && /^\/(?:api\/)?status(?:\/|$)/.test(path)
}
