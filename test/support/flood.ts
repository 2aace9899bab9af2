import { once } from 'node:events'
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import { connect } from 'node:http2'
import { RawConnection } from './raw-connection.js'

/** Many requests that don't end, and what has become of them. */
export interface Flood {
  /** How many of them were answered with this status. */
  answered(status: number): number
  /** How many were neither answered nor ended. */
  readonly open: number
  stop(): void
}

export interface StreamsInput {
  /** Of the public port. */
  readonly url: string
  /** The certificates that are trusted. */
  readonly ca?: Buffer
  readonly connections: number
  /** In each of them. */
  readonly streams: number
  readonly headers: OutgoingHttpHeaders
  /** What is sent of the body, which never ends. */
  readonly body?: Buffer
  /** What follows of the body in each of them again and again, every second. */
  readonly trickle?: string
  /** Whether the client lets the server send no part of a body. */
  readonly isDeaf?: boolean
}

/** Requests in few connections of HTTP/2. */
export async function floodOfStreams(input: StreamsInput): Promise<Flood> {
  const settings = input.isDeaf ? { initialWindowSize: 0 } : {}
  const sessions: ClientHttp2Session[] = []
  const streams: ClientHttp2Stream[] = []
  const statuses = new Map<ClientHttp2Stream, number>()
  for (let index = 0; index < input.connections; index += 1) {
    const session = connect(input.url, { settings, ...(input.ca && { ca: input.ca }) })
    session.on('error', () => {})
    sessions.push(session)
    // It may be refused.
    await Promise.race([once(session, 'remoteSettings'), once(session, 'close')])
    for (let count = 0; count < input.streams && !session.destroyed; count += 1) {
      const stream = session.request(input.headers, { endStream: false })
      stream.on('error', () => {})
      stream.on('response', (headers) => statuses.set(stream, Number(headers[':status'])))
      if (!input.isDeaf) stream.resume()
      if (input.body) stream.write(input.body)
      streams.push(stream)
    }
  }
  const timer = setInterval(() => {
    if (input.trickle !== undefined) for (const stream of streams) if (stream.writable) stream.write(input.trickle)
  }, 1000)
  return {
    answered: (status) => streams.filter((stream) => statuses.get(stream) === status).length,
    get open() {
      return streams.filter((stream) => !stream.destroyed && !statuses.has(stream)).length
    },
    stop: () => {
      clearInterval(timer)
      for (const session of sessions) session.destroy()
    },
  }
}

/**
 * Requests in a connection each.
 *
 * @param text what is sent of each
 * @param trickle what is sent of each again and again, every second
 */
export async function floodOfConnections(
  port: number,
  count: number,
  text: string,
  { trickle }: { readonly trickle?: string } = {},
): Promise<Flood> {
  const connections = await RawConnection.openMany(count, port, text)
  const timer = setInterval(() => {
    if (trickle !== undefined) for (const { socket } of connections) if (socket.writable) socket.write(trickle)
  }, 1000)
  return {
    answered: (status) => connections.filter((connection) => connection.status === status).length,
    get open() {
      return connections.filter(({ status, isClosed }) => status === undefined && !isClosed).length
    },
    stop: () => {
      clearInterval(timer)
      for (const connection of connections) connection.end()
    },
  }
}
