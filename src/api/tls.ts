import type { RequestListener, ServerOptions } from 'node:http'
import type { Server } from 'node:https'
import { createServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Logger } from '../platform/log.js'
import { onReload } from '../platform/reloadable.js'
import { SparseLog } from '../platform/sparse-log.js'
import type { FileWatch } from '../platform/watch.js'
import type { ApiTls } from '../settings/api.js'

/** How long a client may take for the handshake, in milliseconds. Node.js would give it two minutes. */
const HANDSHAKE_MS = 10_000

/** A server that speaks TLS, and with {@link ApiTls.requestCertificate} only to clients that show a certificate. */
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
    // JupyterHub tries whether the port is open by connecting and hanging up.
    if (code !== 'ECONNRESET') refused.add(`The REST API refused a TLS connection: ${message}`)
  })
  return server
}

/** The connection that a server has accepted, which with TLS is below the one that requests come on. */
export function acceptedSocket(socket: Socket): Socket {
  return (socket as { _parent?: Socket })._parent ?? socket
}

/** Has new connections use what the files hold whenever that changes; those that there are go on. */
export function reloadTls(server: Server, { context }: ApiTls, log: Logger): FileWatch {
  return onReload(context, (next) => server.setSecureContext(next), log)
}
