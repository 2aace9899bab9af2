import type { Socket } from 'node:net'
import { createServer } from 'node:net'
import type { Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js'
import { Connections } from '../platform/connections.js'
import type { Logger } from '../platform/log.js'

/** Each Envoy has one, and for a moment two when it reconnects. */
const MAX_CONNECTIONS = 256

/** The result of {@link guardedListener}. */
export interface GuardedListener {
  /** Called when the client with this address, in gRPC's form, has opened a stream, which needs its certificate. */
  prove(peer: string): void
  readonly connections: Connections
  /** Closes the connection of the client with this address, in gRPC's form. */
  drop(peer: string): void
  close(): void
}

/**
 * Accepts the TCP connections of a gRPC server. By itself gRPC would accept any number, and wait two minutes for a
 * client's certificate.
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
    connections,
    prove: (peer) => {
      const socket = byPeer.get(peer)
      if (socket !== undefined) connections.prove(socket)
    },
    drop: (peer) => void byPeer.get(peer)?.destroy(),
    close: () => void server.close(),
  }
}

/** In gRPC's form. */
function peerOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${remoteAddress}:${remotePort}`
}
