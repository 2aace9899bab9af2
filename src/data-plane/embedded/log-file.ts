import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'

const POLL_MS = 200
/** The file is emptied once it has been read beyond this size. */
const MAX_BYTES = 1024 * 1024
const CHUNK_BYTES = 64 * 1024
/** In characters. Longer lines are passed on in parts: an endless line would be copied again for each chunk. */
const LONGEST_LINE = 64 * 1024

/**
 * Reads Envoy's output from a file, to which Envoy can write while no control plane is there to read. Polled, since the
 * number of file watches on a machine is limited.
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

  /** Passes on at once what has been written. */
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
