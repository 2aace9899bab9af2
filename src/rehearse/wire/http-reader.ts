const HEAD_END = Buffer.from('\r\n\r\n')
const LINE_END = Buffer.from('\r\n')

/** No head, and no line of a chunked body, is longer. */
const LONGEST_HEAD = 64 * 1024

/** What is read, in the order in which it comes. Buffers are only valid during the call. */
export interface HttpSink {
  /**
   * The first line and the headers, without the empty line.
   *
   * @returns true if what follows is HTTP no more: the connection was upgraded
   */
  onHead(head: string): boolean
  onBody(part: Buffer): void
  /** The message is complete. */
  onEnd(): void
  /** What came after an upgrade. */
  onRaw(part: Buffer): void
}

/** The value of a header; undefined if it isn't there. Names are compared without case, as HTTP does. */
export function fieldOf(head: string, name: string): string | undefined {
  let pattern = FIELDS.get(name)
  if (pattern === undefined) {
    pattern = new RegExp(`\\r\\n${name}: *([^\\r]*)`, 'i')
    FIELDS.set(name, pattern)
  }
  return pattern.exec(head)?.[1]
}

/** For each name that is asked for: one is asked for in each message. */
const FIELDS = new Map<string, RegExp>()

const LENGTH = /\r\ncontent-length: *(\d+)/i
const CHUNKED = /\r\ntransfer-encoding: *chunked/i

const HEAD = 0
const FIXED = 1
const CHUNK_SIZE = 2
const CHUNK = 3
const CHUNK_END = 4
const TRAILERS = 5
const TO_CLOSE = 6
const RAW = 7

/**
 * Reads HTTP/1.1 messages from a connection: as much of the protocol as a rehearsal needs, since a complete parser would
 * take more of the processor than the proxy that is measured.
 */
export class HttpReader {
  readonly #isResponse: boolean
  readonly #sink: HttpSink
  #state = HEAD
  /** Bytes of the body, or of the chunk, that are still to come. */
  #left = 0
  /** The beginning of a head or line whose end has not come. */
  #rest: Buffer | undefined

  constructor(kind: 'request' | 'response', sink: HttpSink) {
    this.#isResponse = kind === 'response'
    this.#sink = sink
  }

  /** @throws Error if it isn't HTTP */
  push(part: Buffer): void {
    const bytes = this.#rest === undefined ? part : Buffer.concat([this.#rest, part])
    this.#rest = undefined
    let at = 0
    while (at < bytes.length) {
      const next = this.#step(bytes, at)
      if (next < 0) {
        if (bytes.length - at > LONGEST_HEAD) throw new Error('a head without end')
        this.#rest = Buffer.from(bytes.subarray(at))
        return
      }
      at = next
    }
  }

  /** The connection has ended: a body that goes on until then is complete. */
  close(): void {
    if (this.#state === TO_CLOSE) this.#end()
  }

  /** @returns where to go on; -1 if more bytes are needed */
  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case HEAD:
        return this.#head(bytes, at)
      case FIXED:
      case CHUNK:
        return this.#body(bytes, at)
      case TO_CLOSE:
        this.#sink.onBody(bytes.subarray(at))
        return bytes.length
      case RAW:
        this.#sink.onRaw(bytes.subarray(at))
        return bytes.length
      default:
        return this.#line(bytes, at)
    }
  }

  #head(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(HEAD_END, at)
    if (end < 0) return -1
    const head = bytes.toString('latin1', at, end)
    if (this.#isResponse && !head.startsWith('HTTP/1.')) throw new Error('no HTTP')
    const status = this.#isResponse ? Number(head.slice(9, 12)) : 0
    // An interim response: the one that counts follows.
    if (status >= 100 && status < 200 && status !== 101) return end + HEAD_END.length
    if (this.#sink.onHead(head)) this.#state = RAW
    else this.#begin(head, status)
    return end + HEAD_END.length
  }

  /** How long the body is that follows a head. */
  #begin(head: string, status: number): void {
    this.#left = Number(LENGTH.exec(head)?.[1] ?? 0)
    if (status === 204 || status === 304) this.#end()
    else if (CHUNKED.test(head)) this.#state = CHUNK_SIZE
    else if (this.#left > 0) this.#state = FIXED
    else if (this.#isResponse && !LENGTH.test(head)) this.#state = TO_CLOSE
    else this.#end()
  }

  #body(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left)
    this.#left -= end - at
    this.#sink.onBody(bytes.subarray(at, end))
    if (this.#left > 0) return end
    if (this.#state === FIXED) this.#end()
    else this.#state = CHUNK_END
    return end
  }

  /** The lines of a chunked body. */
  #line(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(LINE_END, at)
    if (end < 0) return -1
    const isEmpty = end === at
    if (this.#state === CHUNK_END) {
      if (!isEmpty) throw new Error('a chunk that is longer than it says')
      this.#state = CHUNK_SIZE
    } else if (this.#state === CHUNK_SIZE) {
      const size = Number.parseInt(bytes.toString('latin1', at, end), 16)
      if (!(size >= 0)) throw new Error('a chunk without size')
      this.#left = size
      this.#state = size === 0 ? TRAILERS : CHUNK
    } else if (isEmpty) this.#end()
    return end + LINE_END.length
  }

  #end(): void {
    this.#state = HEAD
    this.#sink.onEnd()
  }
}
