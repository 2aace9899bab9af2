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
  #size: number
  /** What is certainly left of what was reserved. */
  #left = 0

  /** @param size the size of the file, which nobody else makes larger */
  constructor(file: FileHandle, size: number, used: () => number) {
    this.#file = file
    this.#size = size
    this.#used = used
  }

  /** @throws an error of the system if there is no space */
  async take(bytes: number): Promise<void> {
    if (bytes > this.#left) await this.#reserve(bytes)
    this.#left -= bytes
  }

  async #reserve(bytes: number): Promise<void> {
    const needed = this.#used() + bytes
    // LMDB uses its free pages again, so that often nothing has been used of what was reserved.
    if (this.#size < needed) {
      await this.#extend(needed + AHEAD).catch(() => this.#extend(needed))
    }
    this.#left = this.#size - this.#used()
  }

  async #extend(to: number): Promise<void> {
    const zeros = Buffer.alloc(AHEAD)
    for (let end = this.#size; end < to; ) {
      end += (await this.#file.write(zeros, 0, Math.min(zeros.length, to - end), end)).bytesWritten
    }
    // Some file systems find out only now.
    await this.#file.datasync()
    this.#size = to
  }
}
