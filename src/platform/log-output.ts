import { constants, fstatSync, openSync, readlinkSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { isatty } from 'node:tty'

/** The most bytes kept for a reader that doesn't keep up. */
const BUFFER_BYTES = 1024 * 1024

/** The line that says how many lines were left out. */
export type LeftOutLine = (count: number) => string

/** The destination of a log's lines. */
export interface LogOutput {
  /** Writes the line if there is room for it; never waits. */
  write(line: string): void
  /** Resolves when all lines are written, or after `limitMs` milliseconds. */
  flush(limitMs: number): Promise<void>
}

/**
 * A log whose reader may stop, such as a terminal on hold or a collector that hangs. Lines are then kept up to a limit
 * and further ones dropped; a line tells how many once the reader goes on. If the reader is gone, logging ends
 * silently.
 */
export class BoundedOutput implements LogOutput {
  readonly #stream: Writable
  readonly #bufferBytes: number
  readonly #leftOutLine: LeftOutLine
  #leftOut = 0
  #isGone = false

  constructor(stream: Writable, leftOutLine: LeftOutLine, bufferBytes = BUFFER_BYTES) {
    this.#stream = stream
    this.#leftOutLine = leftOutLine
    this.#bufferBytes = bufferBytes
    // The reader is gone. Without a listener, the error would end the program.
    stream.on('error', () => {
      this.#isGone = true
    })
  }

  write(line: string): void {
    if (this.#isGone) return
    if (this.#leftOut > 0 || this.#stream.writableLength + line.length > this.#bufferBytes) {
      if (this.#leftOut === 0) this.#stream.write('', () => this.#goOn())
      this.#leftOut += 1
      return
    }
    if (this.#stream.writableCorked === 0) this.#writeTogether()
    this.#stream.write(line)
  }

  /** Has the lines of one turn of the event loop written together at its end: a call of the system for each is dear. */
  #writeTogether(): void {
    this.#stream.cork()
    setImmediate(() => this.#stream.uncork())
  }

  /** Called when everything kept has been written. */
  #goOn(): void {
    if (!this.#isGone) this.#stream.write(this.#leftOutLine(this.#leftOut))
    this.#leftOut = 0
  }

  async flush(limitMs: number): Promise<void> {
    let isLate = false
    const limit = new AbortController()
    const late = delay(limitMs, undefined, { signal: limit.signal }).then(
      () => {
        isLate = true
      },
      () => {},
    )
    // The line about dropped lines comes last.
    while (!(this.#isGone || isLate) && (this.#stream.writableLength > 0 || this.#leftOut > 0)) {
      await Promise.race([late, new Promise((resolve) => this.#stream.write('', resolve))])
    }
    limit.abort()
  }
}

/** A log in a file: it has no reader that could stop, but its disk may be full for a while. */
export class FileOutput implements LogOutput {
  readonly #fd: number
  readonly #leftOutLine: LeftOutLine
  #leftOut = 0

  constructor(fd: number, leftOutLine: LeftOutLine) {
    this.#fd = fd
    this.#leftOutLine = leftOutLine
  }

  write(line: string): void {
    try {
      writeSync(this.#fd, this.#leftOut === 0 ? line : this.#leftOutLine(this.#leftOut) + line)
      this.#leftOut = 0
    } catch {
      this.#leftOut += 1
    }
  }

  async flush(): Promise<void> {}
}

/** Standard output, whether it is a file, a pipe or a terminal. */
export function standardOutput(leftOutLine: LeftOutLine): LogOutput {
  const found = fstatSync(1)
  if (found.isFIFO()) return new BoundedOutput(ownEndOfPipe() ?? process.stdout, leftOutLine)
  if (!found.isSocket() && !isatty(1)) return new FileOutput(1, leftOutLine)
  neverWait(process.stdout)
  return new BoundedOutput(process.stdout, leftOutLine)
}

/**
 * Opens the pipe again, so that only this end of it becomes non-blocking, and not that of every process with the same
 * standard output, such as the hub that started the proxy.
 */
function ownEndOfPipe(): Writable | undefined {
  try {
    const fd = openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK)
    return new Socket({ fd, readable: false, writable: true })
  } catch {
    // The pipe may belong to another user.
    return undefined
  }
}

/**
 * A file descriptor of standard output for another program. If it is a pipe, that program never waits for a reader that
 * stops: what doesn't fit into the pipe is lost.
 */
export function standardOutputForOthers(): number {
  try {
    if (fstatSync(1).isFIFO()) return openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK)
  } catch {
    // The pipe may belong to another user.
  }
  return 1
}

/** Which pipe, file or terminal standard output is, in the kernel's words. */
export function standardOutputName(): string {
  return readlinkSync('/proc/self/fd/1')
}

/** Node.js blocks on terminals, and only on them, and has no public way to change that. */
export function neverWait(stream: NodeJS.WriteStream): void {
  const { _handle: handle } = stream as { _handle?: { setBlocking?: (on: boolean) => void } }
  if (stream.isTTY) handle?.setBlocking?.(false)
}
