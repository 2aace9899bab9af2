import { createServer } from 'node:net'
import { FatalError } from './errors.js'

/**
 * Tries an address before Envoy does, which would say the same later and less clearly.
 *
 * @throws FatalError if nothing can listen there
 */
export async function checkAddress({ ip, port }: { ip: string; port: number }): Promise<void> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new FatalError(`The proxy can't listen on ${hostPort(ip, port)}: ${listenFailure(error)}`)),
    )
    server.listen({ host: ip, port }, resolve)
  })
  await new Promise((resolve) => server.close(resolve))
}

/** An address as it stands in a URL; no host at all means all of them. */
export function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host || '*'}:${port}`
}

/** Why a server can't listen, and what to do, in one sentence. */
export function listenFailure(error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') return 'the port is in use. Stop what uses it or choose another.'
  if (error.code === 'EACCES') return 'this user may not use that port. Choose one from 1024 on.'
  if (error.code === 'EADDRNOTAVAIL') return 'this machine has no such address.'
  return error.message
}
