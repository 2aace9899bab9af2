import { createServer } from 'node:http'
import type { ListenAddress } from '../platform/address.js'
import { listening, listenOptions } from '../platform/address.js'
import { Connections } from '../platform/connections.js'
import type { Logger } from '../platform/log.js'
import { SparseLog } from '../platform/sparse-log.js'
import type { MetricsPage } from './metrics.js'

export interface ServeMetricsOptions {
  readonly at: ListenAddress
  /** Makes the page. */
  readonly page: () => Promise<MetricsPage>
  /** Called with the connections, once the server has been made. */
  readonly onConnections: (connections: Connections) => void
  readonly log: Logger
}

/** Scrapers are few, and each scrape opens a connection. */
const MAX_CONNECTIONS = 64

/** How long a client may take to send a request, and how often Node.js checks that; in milliseconds. */
const SENDING = { requestTimeout: 10_000, headersTimeout: 10_000, connectionsCheckingInterval: 1_000 } as const

/**
 * Serves `/metrics` until the returned function is called. Anybody may ask, so no client keeps a connection for long,
 * and requests that arrive while a page is being made share it.
 *
 * @throws FatalError if nothing can listen there
 */
export async function serveMetrics({ at, page, onConnections, log }: ServeMetricsOptions): Promise<() => unknown> {
  const failures = new SparseLog((line) => log.error(line))
  const shared = sharedWhileUnderWay(page)
  const server = createServer(SENDING, (request, response) => {
    response.setHeader('connection', 'close')
    if (request.url?.split('?', 1)[0] !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Not Found')
      return
    }
    shared().then(
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
