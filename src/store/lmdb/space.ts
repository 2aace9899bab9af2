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
  /** How far the file reaches at least. */
  #size = 0

  constructor(file: FileHandle, used: () => number) {
    this.#file = file
    this.#used = used
  }

  /**
   * Sees to it that so many bytes more than now can be used. LMDB uses its free pages again, so that often there is enough.
   *
   * @throws an error of the system if there is no space
   */
  async take(bytes: number): Promise<void> {
    const used = this.#used()
    const needed = used + bytes
    if (needed <= this.#size) return
    // LMDB may have used more than was taken, and made the file larger by itself: no zeros may go over what it wrote.
    this.#size = Math.max((await this.#file.stat()).size, used)
    if (needed <= this.#size) return
    await this.#extend(this.#size, needed + AHEAD).catch(() => this.#extend(this.#size, needed))
  }

  async #extend(from: number, to: number): Promise<void> {
    const zeros = Buffer.alloc(AHEAD)
    for (let end = from; end < to; ) {
      end += (await this.#file.write(zeros, 0, Math.min(zeros.length, to - end), end)).bytesWritten
    }
    // Some file systems find out only now.
    await this.#file.datasync()
    this.#size = to
  }
}
