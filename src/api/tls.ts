import type { RequestListener, ServerOptions } from 'node:http'
import type { Server } from 'node:https'
import { createServer } from 'node:https'
import type { Logger } from '../log.js'
import type { ApiTls } from '../settings/api.js'
import { onReload } from '../tls/reload.js'
import type { FileWatch } from '../tls/watch.js'

/** A server that speaks TLS, and with {@link ApiTls.requestCertificate} only to clients that show a certificate. */
export function createTlsServer(
  { context, requestCertificate }: ApiTls,
  options: ServerOptions,
  handler: RequestListener,
  log: Logger,
): Server {
  const server = createServer(
    { ...options, ...context.first, requestCert: requestCertificate, rejectUnauthorized: requestCertificate },
    handler,
  )
  server.on('tlsClientError', ({ code, message }: NodeJS.ErrnoException) => {
    // JupyterHub tries whether the port is open by connecting and hanging up.
    if (code !== 'ECONNRESET') log.warn(`The REST API refused a TLS connection: ${message}`)
  })
  return server
}

/** Has new connections use what the files hold whenever that changes; those that there are go on. */
export function reloadTls(server: Server, { context }: ApiTls, log: Logger): FileWatch {
  return onReload(context, (next) => server.setSecureContext(next), log)
}
