import { constants, fstatSync, openSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { isatty } from 'node:tty'

/** How much is kept for a reader that doesn't keep up, in bytes. */
const BUFFER_BYTES = 1024 * 1024

/** Where the lines of a log go. */
export interface LogOutput {
  /** Writes the line before it returns if there is room for it; never waits. */
  write(line: string): void
  /** Resolves when all is written, or when so many milliseconds have passed. */
  flush(limitMs: number): Promise<void>
}

/**
 * What reads a log may stop: a terminal that is held, a collector that hangs. Lines are then kept up to a bound and the
 * rest is left out, which is said when it reads again. If it has gone for good, all goes on without a log.
 */
export class BoundedOutput implements LogOutput {
  readonly #stream: Writable
  readonly #bufferBytes: number
  #leftOut = 0
  #isGone = false

  constructor(stream: Writable, bufferBytes = BUFFER_BYTES) {
    this.#stream = stream
    this.#bufferBytes = bufferBytes
    // The reader has gone. Without a listener that would end the program.
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
    this.#stream.write(line)
  }

  /** When all is written that was kept. */
  #goOn(): void {
    if (!this.#isGone) this.#stream.write(leftOutLine(this.#leftOut))
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
    // That something was left out is said behind the rest.
    while (!(this.#isGone || isLate) && (this.#stream.writableLength > 0 || this.#leftOut > 0)) {
      await Promise.race([late, new Promise((resolve) => this.#stream.write('', resolve))])
    }
    limit.abort()
  }
}

/** A file has no reader that could stop, but its disk may be full for a while. */
export class FileOutput implements LogOutput {
  readonly #fd: number
  #leftOut = 0

  constructor(fd: number) {
    this.#fd = fd
  }

  write(line: string): void {
    try {
      writeSync(this.#fd, this.#leftOut === 0 ? line : leftOutLine(this.#leftOut) + line)
      this.#leftOut = 0
    } catch {
      this.#leftOut += 1
    }
  }

  async flush(): Promise<void> {}
}

/** Standard output, whatever it is. */
export function standardOutput(): LogOutput {
  const found = fstatSync(1)
  if (found.isFIFO()) return new BoundedOutput(ownEndOfPipe() ?? process.stdout)
  if (!found.isSocket() && !isatty(1)) return new FileOutput(1)
  neverWait(process.stdout)
  return new BoundedOutput(process.stdout)
}

/**
 * Another way into the pipe: to write without waiting is then asked for this one alone, not for all that have the same
 * standard output, such as the hub that started the proxy.
 */
function ownEndOfPipe(): Writable | undefined {
  try {
    const fd = openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK)
    return new Socket({ fd, readable: false, writable: true })
  } catch {
    // It may belong to another user.
    return undefined
  }
}

/** Node.js has terminals, and only them, make the program wait, and names no way out. */
export function neverWait(stream: NodeJS.WriteStream): void {
  const { _handle: handle } = stream as { _handle?: { setBlocking?: (on: boolean) => void } }
  if (stream.isTTY) handle?.setBlocking?.(false)
}

function leftOutLine(count: number): string {
  return `(${count} lines were left out here: what reads this log did not keep up)\n`
}
