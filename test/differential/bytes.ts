import { createHash } from 'node:crypto'
import type { Duplex } from 'node:stream'

/** Bytes to send: text of one byte a character, many bytes, or a wait between two others. */
export type Piece = string | { readonly bytes: number } | { readonly waitMs: number }

const BLOCK = Buffer.alloc(256 * 1024, 'all work and no play makes jack a dull boy. ')
/** Of a text up to this length in bytes, all is compared; of more, its hash. */
const TEXT_LIMIT = 4 * 1024 * 1024

/** Sends the pieces in order, no faster than the other side takes them; ends early if the other side is gone. */
export async function sendPieces(socket: Duplex, pieces: readonly Piece[]): Promise<void> {
  for (const piece of pieces) {
    if (typeof piece === 'string') await write(socket, Buffer.from(piece, 'latin1'))
    else if ('waitMs' in piece) await new Promise((resolve) => setTimeout(resolve, piece.waitMs))
    else {
      for (let left = piece.bytes; left > 0 && socket.writable; left -= BLOCK.length) {
        await write(socket, left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK)
      }
    }
  }
}

function write(socket: Duplex, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (!socket.writable) return resolve()
    const done = () => {
      socket.off('close', done)
      resolve()
    }
    socket.once('close', done)
    // Not an error here: what the other side did until then is what counts.
    socket.write(bytes, done)
  })
}

/** Sums up a body of any size: short text as it is, anything else by its length and hash. */
export class BodySum {
  length = 0
  readonly #hash = createHash('sha1')
  #text = ''

  update(chunk: Buffer): void {
    this.length += chunk.length
    this.#hash.update(chunk)
    if (this.#text.length <= TEXT_LIMIT) this.#text += chunk.toString('latin1')
  }

  toString(): string {
    return this.length <= TEXT_LIMIT ? this.#text : `${this.length} bytes, ${this.#hash.copy().digest('hex')}`
  }
}

/** Reads what comes in on a socket piece by piece. An error of the socket is its end. */
export class ByteReader {
  readonly #socket: Duplex
  #buffer: Buffer = Buffer.alloc(0)
  #ended = false
  #wake: () => void = () => {}

  constructor(socket: Duplex) {
    this.#socket = socket
    const wake = () => this.#wake()
    const end = () => {
      this.#ended = true
      wake()
    }
    socket.on('readable', wake).on('end', end).on('close', end).on('error', end)
  }

  /** The next line without its CRLF or LF, or undefined if the end comes first. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const at = this.#buffer.indexOf('\n')
      if (at >= 0) {
        const line = this.#buffer.toString('latin1', 0, at)
        this.#buffer = this.#buffer.subarray(at + 1)
        return line.endsWith('\r') ? line.slice(0, -1) : line
      }
      if (!(await this.#fill())) return undefined
    }
  }

  /** Passes on the next bytes, or all that come; false if the end comes before that many. */
  async copy(count: number, to: (chunk: Buffer) => void): Promise<boolean> {
    for (let left = count; left > 0; ) {
      if (this.#buffer.length === 0 && !(await this.#fill())) return count === Infinity
      const chunk = this.#buffer.subarray(0, left)
      this.#buffer = this.#buffer.subarray(chunk.length)
      left -= chunk.length
      to(chunk)
    }
    return true
  }

  /** Whether the other side has ended, with nothing left to read. */
  get finished(): boolean {
    return this.#ended && this.#buffer.length === 0
  }

  async #fill(): Promise<boolean> {
    for (;;) {
      const chunk = this.#socket.read() as Buffer | null
      if (chunk !== null) {
        this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk])
        return true
      }
      if (this.#ended) return false
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
