import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocketServer } from 'ws'

/** What arrives at the server behind the proxy. */
export interface Arrived {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** How many bytes of a body. */
  readonly bytes: number
  /** How many bytes of the flood that is asked about have left this server. */
  readonly flooded: number
}

/** How long a stream waits for the word that its first part has arrived, in milliseconds. */
export const STREAM_MS = 5_000

/** How much a flood has, in bytes. All sockets on the way keep less if nobody reads. */
export const FLOOD_BYTES = 64 * 1024 * 1024

/** The most bytes of a body or a message that are taken. */
const BODY_LIMIT = 64 * 1024 * 1024
const MESSAGE_LIMIT = 64 * 1024

/**
 * The other end of the checks from outside. It tells what arrives, echoes websocket messages, and sends a stream whose
 * second half waits for the client to have the first. It answers only requests that have the key.
 */
export class EchoServer {
  readonly #server: Server
  readonly #key: string
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_LIMIT })
  /** By their names: the streams whose client has the first part. */
  readonly #acknowledged = new Set<string>()
  /** By their names: how many bytes of each flood have left. */
  readonly #floods = new Map<string, number>()

  constructor(key: string) {
    this.#key = key
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy())
    })
    this.#server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      if (this.#parameters(request).get('key') !== this.#key) socket.destroy()
      else this.#sockets.handleUpgrade(request, socket, head, (accepted) => accepted.on('message', echo(accepted)))
    })
  }

  /** @throws an error of the system if nothing can listen there */
  async listen(host: string, port: number): Promise<void> {
    this.#server.listen(port, host)
    await once(this.#server, 'listening')
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** The path may have lost its beginning to --no-include-prefix; the query arrives in any case. */
  #parameters({ url = '' }: IncomingMessage): URLSearchParams {
    return new URLSearchParams(url.slice(url.indexOf('?') + 1))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parameters = this.#parameters(request)
    if (parameters.get('key') !== this.#key) {
      response.writeHead(404).end()
      return
    }
    const [what, name = ''] = ['do', 'name'].map((parameter) => parameters.get(parameter) ?? '')
    if (what === 'stream') return this.#stream(name, response)
    if (what === 'flood') return this.#flood(name, response)
    if (what === 'acknowledge') this.#acknowledged.add(name)
    const { method = '', url = '', headers } = request
    const flooded = this.#floods.get(name) ?? 0
    const arrived: Arrived = { method, url, headers, bytes: await countBytes(request), flooded }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(arrived))
  }

  async #stream(name: string, response: ServerResponse): Promise<void> {
    response.setHeader('content-type', 'text/event-stream')
    response.write('data: first\n\n')
    for (let waited = 0; waited < STREAM_MS && !this.#acknowledged.has(name); waited += 20) await delay(20)
    response.end('data: second\n\n')
  }

  async #flood(name: string, response: ServerResponse): Promise<void> {
    const part = Buffer.alloc(FLOOD_BYTES / 1024)
    response.setHeader('content-length', FLOOD_BYTES)
    for (let sent = 0; sent < FLOOD_BYTES; sent += part.length) {
      await new Promise<void>((resolve, reject) => {
        response.write(part, (error) => (error ? reject(error) : resolve()))
      })
      this.#floods.set(name, sent + part.length)
    }
    response.end()
  }
}

function echo(socket: { send(data: unknown, options: { binary: boolean }): void }) {
  return (data: unknown, isBinary: boolean) => socket.send(data, { binary: isBinary })
}

async function countBytes(request: IncomingMessage): Promise<number> {
  let bytes = 0
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length
    if (bytes > BODY_LIMIT) throw new Error('the body is too large')
  }
  return bytes
}
