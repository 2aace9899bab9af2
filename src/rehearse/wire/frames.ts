/** Opcodes of RFC 6455. */
export const OPCODE = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

const FIN = 0x80
const MASKED = 0x80
const LENGTH_16 = 126
const LENGTH_64 = 127

/**
 * A frame of a whole message. A client's is masked with zeros, which the protocol allows and which costs nothing.
 *
 * @param sender who sends it
 */
export function frame(sender: 'client' | 'server', opcode: number, payload: Buffer): Buffer {
  const mask = sender === 'client' ? [Buffer.alloc(4)] : []
  return Buffer.concat([lengthHeader(opcode, payload.length, sender === 'client' ? MASKED : 0), ...mask, payload])
}

function lengthHeader(opcode: number, length: number, masked: number): Buffer {
  if (length < LENGTH_16) return Buffer.from([FIN | opcode, masked | length])
  const header = Buffer.alloc(length < 65_536 ? 4 : 10)
  header[0] = FIN | opcode
  header[1] = masked | (length < 65_536 ? LENGTH_16 : LENGTH_64)
  if (length < 65_536) header.writeUInt16BE(length, 2)
  else header.writeBigUInt64BE(BigInt(length), 2)
  return header
}

/** Reads frames from what comes over a websocket. */
export class FrameReader {
  readonly #onFrame: (opcode: number, payload: Buffer) => void
  readonly #keepsPayloads: boolean
  #header: Buffer | undefined
  #opcode = 0
  #mask: Buffer | undefined
  #left = 0
  #payload: Buffer[] = []

  /**
   * @param onFrame called with each frame that is complete
   * @param keepsPayloads without it only frames of control, such as a ping, have one
   */
  constructor(onFrame: (opcode: number, payload: Buffer) => void, keepsPayloads: boolean) {
    this.#onFrame = onFrame
    this.#keepsPayloads = keepsPayloads
  }

  push(part: Buffer): void {
    let bytes = part
    while (bytes.length > 0) {
      if (this.#left > 0) bytes = this.#take(bytes)
      else {
        const known = this.#header === undefined ? bytes : Buffer.concat([this.#header, bytes])
        const size = headerSize(known)
        if (known.length < size) {
          this.#header = Buffer.from(known)
          return
        }
        this.#header = undefined
        this.#begin(known, size)
        bytes = known.subarray(size)
        if (this.#left === 0) this.#end()
      }
    }
  }

  #begin(header: Buffer, size: number): void {
    const short = (header[1] ?? 0) & 0x7f
    this.#opcode = (header[0] ?? 0) & 0x0f
    this.#mask = ((header[1] ?? 0) & MASKED) === 0 ? undefined : Buffer.from(header.subarray(size - 4, size))
    if (short === LENGTH_64) this.#left = Number(header.readBigUInt64BE(2))
    else this.#left = short === LENGTH_16 ? header.readUInt16BE(2) : short
  }

  /** @returns what is left */
  #take(bytes: Buffer): Buffer {
    const part = bytes.subarray(0, this.#left)
    if (this.#keepsPayloads || this.#opcode >= OPCODE.close) this.#payload.push(Buffer.from(part))
    this.#left -= part.length
    if (this.#left === 0) this.#end()
    return bytes.subarray(part.length)
  }

  #end(): void {
    const payload = Buffer.concat(this.#payload)
    const mask = this.#mask
    if (mask !== undefined) {
      for (let at = 0; at < payload.length; at += 1) payload[at] = (payload[at] ?? 0) ^ (mask[at % 4] ?? 0)
    }
    this.#payload = []
    this.#onFrame(this.#opcode, payload)
  }
}

/** How long the header is that begins here, as far as it can be told: 2 if it can't. */
function headerSize(bytes: Buffer): number {
  if (bytes.length < 2) return 2
  const short = (bytes[1] ?? 0) & 0x7f
  const extended = short === LENGTH_64 ? 8 : short === LENGTH_16 ? 2 : 0
  return 2 + extended + (((bytes[1] ?? 0) & MASKED) === 0 ? 0 : 4)
}
