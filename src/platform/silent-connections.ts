import type { ChannelCredentials } from '@grpc/grpc-js'

/**
 * The same credentials, for a gRPC client that closes a new connection on which the other end says nothing. gRPC itself waits for
 * ever: whoever hangs, or is no gRPC server, would get one connection more with each client that is made anew.
 *
 * @param limitMs how long the other end may say nothing at first
 */
export function closingSilent(credentials: ChannelCredentials, limitMs: number): ChannelCredentials {
  const create = credentials._createSecureConnector.bind(credentials)
  credentials._createSecureConnector = (...args) => {
    const connector = create(...args)
    const connect = connector.connect.bind(connector)
    connector.connect = (socket) => {
      const timer = setTimeout(() => socket.bytesRead === 0 && socket.destroy(), limitMs)
      socket.once('close', () => clearTimeout(timer))
      return connect(socket)
    }
    return connector
  }
  return credentials
}
