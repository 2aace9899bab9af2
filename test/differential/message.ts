import { BodySum, type ByteReader } from './bytes.js'

/** A header as it was on the wire. */
export type Header = readonly [name: string, value: string]

/** An HTTP/1 message as it was on the wire: nothing is put in order, joined or left out. */
export interface Message {
  /** The request line or the status line. */
  readonly line: string
  readonly headers: readonly Header[]
  readonly body: BodySum
  trailers: readonly Header[]
  /** Whether it came to its end, or the connection ended before. */
  complete: boolean
}

/** Reads the start of a message; undefined if the connection ends before it is complete. */
export async function readHead(reader: ByteReader): Promise<Message | undefined> {
  let line = await reader.line()
  // Empty lines before a message are to be ignored (RFC 9112, 2.2).
  while (line === '') line = await reader.line()
  const headers = line === undefined ? undefined : await readHeaders(reader)
  if (line === undefined || headers === undefined) return undefined
  return { line, headers, body: new BodySum(), trailers: [], complete: false }
}

/** Reads the rest of a message. `untilClose` says that a body without any length goes on to the connection's end. */
export async function readBody(reader: ByteReader, message: Message, untilClose: boolean): Promise<void> {
  const take = (chunk: Buffer) => message.body.update(chunk)
  const length = valuesOf(message.headers, 'content-length')[0]
  if (/chunked/i.test(valuesOf(message.headers, 'transfer-encoding').join())) await readChunks(reader, message, take)
  else if (length !== undefined) message.complete = await reader.copy(Number(length), take)
  else message.complete = await reader.copy(untilClose ? Infinity : 0, take)
}

async function readChunks(reader: ByteReader, message: Message, take: (chunk: Buffer) => void): Promise<void> {
  for (;;) {
    const size = Number.parseInt((await reader.line()) ?? '', 16)
    if (Number.isNaN(size)) return
    if (size === 0) break
    if (!(await reader.copy(size, take))) return
    if ((await reader.line()) !== '') return
  }
  const trailers = await readHeaders(reader)
  message.trailers = trailers ?? []
  message.complete = trailers !== undefined
}

async function readHeaders(reader: ByteReader): Promise<Header[] | undefined> {
  const headers: Header[] = []
  for (;;) {
    const line = await reader.line()
    if (line === undefined) return undefined
    if (line === '') return headers
    const colon = line.indexOf(':')
    headers.push(colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).trim()])
  }
}

/** All values of a header, in order. */
export function valuesOf(headers: readonly Header[], name: string): string[] {
  return headers.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value)
}
