import type { FileHandle } from 'node:fs/promises'

/** How much more is reserved than is needed now, so that it is done seldom. */
const AHEAD = 1024 * 1024

/**
 * Reserves disk space in a file before LMDB writes there, so that a full disk is noticed here: LMDB's own handling of a
 * failed write overruns the buffer of its message, with undefined results. Space is reserved by writing zeros after the
 * pages in use, where LMDB puts the next ones.
 */
export class ReservedSpace {
  readonly #file: FileHandle
  /** Where the pages in use end. */
  readonly #used: () => number
  /** The size of the file, at least. */
  #size = 0

  constructor(file: FileHandle, used: () => number) {
    this.#file = file
    this.#used = used
  }

  /**
   * Ensures that this many more bytes can be used. LMDB reuses its free pages, so often there is enough.
   *
   * @throws an error of the system if there is no space
   */
  async take(bytes: number): Promise<void> {
    const used = this.#used()
    const needed = used + bytes
    if (needed <= this.#size) return
    // LMDB may have used more than was reserved, and extended the file itself: zeros must not overwrite its pages.
    this.#size = Math.max((await this.#file.stat()).size, used)
    if (needed <= this.#size) return
    await this.#extend(this.#size, needed + AHEAD).catch(() => this.#extend(this.#size, needed))
  }

  async #extend(from: number, to: number): Promise<void> {
    const zeros = Buffer.alloc(AHEAD)
    for (let end = from; end < to; ) {
      end += (await this.#file.write(zeros, 0, Math.min(zeros.length, to - end), end)).bytesWritten
    }
    // Some file systems report a full disk only now.
    await this.#file.datasync()
    this.#size = to
  }
}
