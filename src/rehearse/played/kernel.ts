import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { FrameReader, frame, OPCODE } from '../wire/frames.js'
import { fieldOf } from '../wire/http-reader.js'

/** A Jupyter server pings its websockets that often. */
const PING_MS = 30_000

const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

const PING = frame('server', OPCODE.ping, Buffer.from('ping'))

/**
 * What a kernel sends when it runs a cell: five messages of its usual sizes. The last is binary: by that the user knows the
 * end.
 */
const ANSWER = Buffer.concat([
  ...[350, 600, 900, 700].map((size) => frame('server', OPCODE.text, Buffer.alloc(size, 'kernel '))),
  frame('server', OPCODE.binary, Buffer.alloc(350, 'idle ')),
])

/** The kernel of one user: answers over each of its websockets. */
export class Kernel {
  readonly #sockets = new Map<Socket, number>()
  /** Set while it answers nothing. */
  isHung = false

  /** @returns what reads what comes over the websocket */
  accept(head: string, socket: Socket, now: number): (part: Buffer) => void {
    const key = fieldOf(head, 'sec-websocket-key') ?? ''
    const proof = createHash('sha1')
      .update(key + MAGIC)
      .digest('base64')
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
    socket.write(`${lines.join('\r\n')}\r\nSec-WebSocket-Accept: ${proof}\r\n\r\n`)
    // The first ping comes somewhere within the interval, so that they don't come all at once.
    this.#sockets.set(socket, now + ((socket.remotePort ?? 0) % PING_MS))
    socket.once('close', () => this.#sockets.delete(socket))
    const reader = new FrameReader((opcode) => {
      if (opcode === OPCODE.close) socket.end()
      else if (opcode === OPCODE.text && !this.isHung) socket.write(ANSWER)
    }, false)
    return (part) => reader.push(part)
  }

  /** Sends the pings that are due. */
  ping(now: number): void {
    for (const [socket, at] of this.#sockets) {
      if (now < at) continue
      socket.write(PING)
      this.#sockets.set(socket, now + PING_MS)
    }
  }
}
