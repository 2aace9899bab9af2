// What routes lead to besides the small answers of test/support/bare-backend.ts: large answers, uploads and websockets.
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { answerCalls } from '../remote.js'
import { CLIENT_FRAME, SERVER_FRAME } from './websocket-frames.js'

const PIECE = Buffer.alloc(256 * 1024, 'x')
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** In a process of its own. */
export class Servers {
  /** Resolves to the port. */
  async listen(): Promise<number> {
    const server = createServer(answer)
    server.on('upgrade', echoMessages)
    server.keepAliveTimeout = 0
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 4096, resolve))
    return (server.address() as AddressInfo).port
  }
}

/** A GET gets as many bytes as its path ends with; anything else is answered once all of it has come. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== 'GET') {
    request.resume().on('end', () => response.end('ok'))
    return
  }
  const bytes = Number(/(\d+)$/.exec(request.url ?? '')?.[1] ?? 0)
  response.writeHead(200, { 'content-length': bytes })
  send(response, bytes)
}

function send(response: ServerResponse, bytes: number): void {
  let left = bytes
  while (left > 0) {
    const piece = left < PIECE.length ? PIECE.subarray(0, left) : PIECE
    left -= piece.length
    if (!response.write(piece) && left > 0) {
      const rest = left
      response.once('drain', () => send(response, rest))
      return
    }
  }
  response.end()
}

/**
 * Answers each message with one of the same size. All have the same size, so counting bytes is enough; a complete
 * websocket server would take more of the processor than the proxy that is measured.
 */
function echoMessages(request: IncomingMessage, socket: Socket): void {
  const key = request.headers['sec-websocket-key'] ?? ''
  const accept = createHash('sha1')
    .update(key + GUID)
    .digest('base64')
  const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
  socket.setNoDelay(true)
  socket.write(`${[...head, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`)
  let waiting = 0
  socket.on('data', (chunk: Buffer) => {
    waiting += chunk.length
    const complete = Math.floor(waiting / CLIENT_FRAME.length)
    waiting -= complete * CLIENT_FRAME.length
    if (complete > 0) socket.write(complete === 1 ? SERVER_FRAME : Buffer.concat(Array(complete).fill(SERVER_FRAME)))
  })
  socket.on('error', () => socket.destroy())
}

answerCalls(new Servers())
