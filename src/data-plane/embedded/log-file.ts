import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'

const POLL_MS = 200
/** What was read is cut off beyond this size. */
const MAX_BYTES = 1024 * 1024
const CHUNK_BYTES = 64 * 1024
/** In characters. A longer line is passed on in parts, since a line without an end would be joined anew for each chunk. */
const LONGEST_LINE = 64 * 1024

/**
 * What Envoy prints, by way of a file: Envoy can go on printing while there is no control plane to read it. Watched by
 * looking at its size, since the number of file watches on a machine is limited.
 */
export class EnvoyLogFile {
  /** For Envoy's output. */
  readonly fd: number
  readonly #onLine: (line: string) => void
  readonly #timer: NodeJS.Timeout
  #decoder = new StringDecoder()
  #position: number
  #rest = ''

  /** Passes on every line that is written from now on. */
  constructor(path: string, onLine: (line: string) => void) {
    this.fd = openSync(path, 'a+', 0o600)
    this.#onLine = onLine
    this.#position = fstatSync(this.fd).size
    this.#timer = setInterval(() => this.read(), POLL_MS)
  }

  /** Passes on at once what there is. */
  read(): void {
    const chunk = Buffer.alloc(CHUNK_BYTES)
    for (;;) {
      const bytes = readSync(this.fd, chunk, 0, chunk.length, this.#position)
      if (bytes === 0) break
      this.#position += bytes
      this.#pass(this.#decoder.write(chunk.subarray(0, bytes)))
    }
    if (this.#position < MAX_BYTES) return
    ftruncateSync(this.fd, 0)
    this.#position = 0
  }

  #pass(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#onLine(line)
    if (this.#rest.length < LONGEST_LINE) return
    this.#onLine(this.#rest)
    this.#rest = ''
  }

  close(): void {
    clearInterval(this.#timer)
    this.read()
    closeSync(this.fd)
  }
}
