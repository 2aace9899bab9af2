import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { eventually } from './wait.js'

/** A connection on which a client sends exactly what it wants to, and all that comes back. */
export class RawConnection {
  readonly socket: Socket
  received = ''
  isClosed = false

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (text) => {
      this.received += text
    })
    // A reset is one way of being closed.
    socket.on('error', () => {})
    socket.on('close', () => {
      this.isClosed = true
    })
  }

  /** Connects, and sends the text. */
  static async open(port: number, text = ''): Promise<RawConnection> {
    const connection = new RawConnection(connect(port, '127.0.0.1'))
    await new Promise<void>((resolve) => {
      connection.socket.once('connect', resolve)
      connection.socket.once('close', () => resolve())
    })
    if (text !== '') connection.socket.write(text)
    return connection
  }

  /** Opens many, some at a time as clients do that don't wait for each other. */
  static async openMany(count: number, port: number, text = ''): Promise<RawConnection[]> {
    const all: RawConnection[] = []
    while (all.length < count) {
      const some = Math.min(100, count - all.length)
      all.push(...(await Promise.all(Array.from({ length: some }, () => RawConnection.open(port, text)))))
    }
    return all
  }

  /** The status of the answer, undefined before there is one. */
  get status(): number | undefined {
    const line = /^HTTP\/1.1 (\d{3})/.exec(this.received)
    return line === null ? undefined : Number(line[1])
  }

  /** Waits for an answer or the end, which among thousands may take a while. */
  async answered(): Promise<this> {
    await eventually(() => this.status !== undefined || this.isClosed, 'an answer or the end', 60_000)
    return this
  }

  end(): void {
    this.socket.destroy()
  }
}

export function upgradeRequest(path: string): string {
  return [
    `GET ${path} HTTP/1.1`,
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    '\r\n',
  ].join('\r\n')
}
