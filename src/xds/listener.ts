import type { Socket } from 'node:net'
import { createServer } from 'node:net'
import type { Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js'
import { Connections } from '../platform/connections.js'
import type { Logger } from '../platform/log.js'

/** Envoys have one each, and a moment two when they come back. */
const MAX_CONNECTIONS = 256

/** What {@link guardedListener} gives. */
export interface GuardedListener {
  /** The client at this address, as gRPC calls it, has opened a stream, for which it had to show its certificate. */
  prove(peer: string): void
  close(): void
}

/**
 * Accepts the TCP connections of a gRPC server, which by itself takes any number of them and waits for two minutes until
 * a client has shown its certificate.
 */
export async function guardedListener(
  grpc: GrpcServer,
  { host, port }: { readonly host: string; readonly port: number },
  credentials: ServerCredentials,
  log: Logger,
): Promise<GuardedListener> {
  const injector = grpc.createConnectionInjector(credentials)
  const server = createServer()
  const connections = new Connections(server, { server: 'The server for Envoys', most: MAX_CONNECTIONS, log })
  const byPeer = new Map<string, Socket>()
  server.on('connection', (socket) => {
    if (socket.destroyed) return
    const peer = peerOf(socket)
    byPeer.set(peer, socket)
    socket.once('close', () => byPeer.delete(peer))
    injector.injectConnection(socket)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return {
    prove: (peer) => {
      const socket = byPeer.get(peer)
      if (socket !== undefined) connections.prove(socket)
    },
    close: () => void server.close(),
  }
}

/** As gRPC has it. */
function peerOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${remoteAddress}:${remotePort}`
}
