import { createServer } from 'node:http'
import type { ListenAddress } from '../address.js'
import { listening, listenOptions } from '../address.js'
import type { Logger } from '../log.js'
import type { Metrics } from './metrics.js'

export interface ServeMetricsOptions {
  readonly at: ListenAddress
  readonly metrics: Metrics
  readonly log: Logger
}

/**
 * Serves `/metrics` until the returned function is called.
 *
 * @throws FatalError if nothing can listen there
 */
export async function serveMetrics({ at, metrics, log }: ServeMetricsOptions): Promise<() => unknown> {
  const server = createServer((request, response) => {
    if (request.url?.split('?', 1)[0] !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Not Found')
      return
    }
    metrics.page().then(
      ({ contentType, body }) => response.writeHead(200, { 'content-type': contentType }).end(body),
      (error: Error) => {
        log.error(`The metrics can't be made: ${error.message}`)
        response.writeHead(500).end()
      },
    )
  })
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
