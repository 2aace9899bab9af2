import type { IncomingHttpHeaders } from 'node:http'
import { createServer } from 'node:http'
import type { ListenAddress } from '../platform/address.js'
import { listening, listenOptions } from '../platform/address.js'
import { Connections } from '../platform/connections.js'
import type { Logger } from '../platform/log.js'
import { SparseLog } from '../platform/sparse-log.js'
import type { MetricsPage } from './metrics.js'

export interface ServeMetricsOptions {
  readonly at: ListenAddress
  readonly pages: readonly ServedPage[]
  /** Called with the connections, once the server has been made. */
  readonly onConnections: (connections: Connections) => void
  readonly log: Logger
}

/** A page at a path. */
export interface ServedPage {
  readonly path: string
  readonly make: () => Promise<MetricsPage>
  /** Who may see it; everybody if undefined. */
  readonly mayAsk?: (headers: IncomingHttpHeaders) => boolean
}

/** Scrapers are few, and each scrape opens a connection. */
const MAX_CONNECTIONS = 64

/** How long a client may take to send a request, and how often Node.js checks that; in milliseconds. */
const SENDING = { requestTimeout: 10_000, headersTimeout: 10_000, connectionsCheckingInterval: 1_000 } as const

/**
 * Serves pages until the returned function is called. Anybody may connect, so no client keeps a connection for long,
 * and requests that arrive while a page is being made share it.
 *
 * @throws FatalError if nothing can listen there
 */
export async function serveMetrics({ at, pages, onConnections, log }: ServeMetricsOptions): Promise<() => unknown> {
  const failures = new SparseLog((line) => log.error(line))
  const served = new Map(pages.map((page) => [page.path, { ...page, make: sharedWhileUnderWay(page.make) }]))
  const server = createServer(SENDING, (request, response) => {
    response.setHeader('connection', 'close')
    const page = served.get(request.url?.split('?', 1)[0] ?? '')
    if (page === undefined || page.mayAsk?.(request.headers) === false) {
      response.writeHead(page === undefined ? 404 : 403, { 'content-type': 'text/plain' })
      response.end(page === undefined ? 'Not Found' : 'This page needs the token of the REST API.\n')
      return
    }
    page.make().then(
      ({ contentType, body }) => response.writeHead(200, { 'content-type': contentType }).end(body),
      (error: Error) => {
        failures.add(`The metrics can't be made: ${error.message}`)
        response.writeHead(500).end()
      },
    )
  })
  onConnections(new Connections(server, { server: 'The metrics server', most: MAX_CONNECTIONS, log }))
  const listen = () =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(listenOptions(at), resolve)
    })
  await listening('The metrics server', at, listen)
  return () => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  }
}

/** Does the work once for all callers that ask before it is done. */
function sharedWhileUnderWay<T>(work: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined
  return () => {
    underWay ??= work().finally(() => {
      underWay = undefined
    })
    return underWay
  }
}
