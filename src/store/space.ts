import type { FileHandle } from 'node:fs/promises'

/** How much more is reserved than is needed at once, so that it is seldom done. */
const AHEAD = 1024 * 1024

/**
 * Reserves disk space in a file before LMDB writes there, so that a full disk is found here: LMDB's own handling of a
 * failed write overruns its buffer for the message, after which anything may happen. What is reserved are zeros behind
 * the pages in use, where LMDB puts the next ones.
 */
export class ReservedSpace {
  readonly #file: FileHandle
  /** Where the pages in use end. */
  readonly #used: () => number
  /** What is certainly left of what was reserved. */
  #left = 0

  constructor(file: FileHandle, used: () => number) {
    this.#file = file
    this.#used = used
  }

  /** @throws an error of the system if there is no space */
  async take(bytes: number): Promise<void> {
    if (bytes > this.#left) this.#left = await this.#reserve(bytes)
    this.#left -= bytes
  }

  async #reserve(bytes: number): Promise<number> {
    const used = this.#used()
    const { size } = await this.#file.stat()
    try {
      await this.#extend(size, used + bytes + AHEAD)
    } catch (error) {
      // What was reserved last may still do, up to its end.
      if (size < used + bytes) throw error
    }
    return (await this.#file.stat()).size - used
  }

  async #extend(from: number, to: number): Promise<void> {
    const zeros = Buffer.alloc(Math.min(AHEAD, Math.max(0, to - from)))
    for (let position = from; position < to; ) {
      const length = Math.min(zeros.length, to - position)
      position += (await this.#file.write(zeros, 0, length, position)).bytesWritten
    }
    // Some file systems find out only now.
    if (to > from) await this.#file.datasync()
  }
}
