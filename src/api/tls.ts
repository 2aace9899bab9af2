import type { RequestListener, ServerOptions } from 'node:http'
import type { Server } from 'node:https'
import { createServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Logger } from '../platform/log.js'
import { onReload } from '../platform/reloadable.js'
import { SparseLog } from '../platform/sparse-log.js'
import type { FileWatch } from '../platform/watch.js'
import type { ApiTls } from '../settings/api.js'

/** How long a client may take for the handshake, in milliseconds. Node.js's default is two minutes. */
const HANDSHAKE_MS = 10_000

/** A TLS server. With {@link ApiTls.requestCertificate} it serves only clients that show a certificate. */
export function createTlsServer(
  { context, requestCertificate }: ApiTls,
  options: ServerOptions,
  handler: RequestListener,
  log: Logger,
): Server {
  const server = createServer(
    {
      ...options,
      ...context.first,
      requestCert: requestCertificate,
      rejectUnauthorized: requestCertificate,
      handshakeTimeout: HANDSHAKE_MS,
    },
    handler,
  )
  const refused = new SparseLog((line) => log.warn(line))
  server.on('tlsClientError', ({ code, message }: NodeJS.ErrnoException) => {
    // JupyterHub checks whether the port is open by connecting and disconnecting.
    if (code !== 'ECONNRESET') refused.add(`The REST API refused a TLS connection: ${message}`)
  })
  return server
}

/** The accepted connection; with TLS it is the one below the connection of the requests. */
export function acceptedSocket(socket: Socket): Socket {
  return (socket as { _parent?: Socket })._parent ?? socket
}

/** Makes new connections use the files' new content when it changes; existing connections continue. */
export function reloadTls(server: Server, { context }: ApiTls, log: Logger): FileWatch {
  return onReload(context, (next) => server.setSecureContext(next), log)
}
