import type { Server as TlsServer } from 'node:https'
import type { ListenAddress } from '../platform/address.js'
import { listening, listenOptions } from '../platform/address.js'
import type { ApiServerOptions } from './server.js'
import { createApiServer } from './server.js'
import { reloadTls } from './tls.js'

/**
 * Serves the REST API until the returned function is called.
 *
 * @throws FatalError if nothing can listen there
 */
export async function serveApi(options: ApiServerOptions & { readonly at: ListenAddress }): Promise<() => unknown> {
  const server = createApiServer(options)
  // As many may wait to be accepted as may be open, else the kernel has them try again.
  const backlog = options.maxConnections
  await listening('The REST API', options.at, () => server.listen({ ...listenOptions(options.at), backlog }))
  const watch = options.tls && reloadTls(server.server as unknown as TlsServer, options.tls, options.log)
  return () => {
    watch?.close()
    return server.close()
  }
}
