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
  /** The size of the file, at least. */
  #size = 0

  constructor(file: FileHandle) {
    this.#file = file
  }

  /**
   * Ensures that this many more bytes can be used. LMDB reuses its free pages, so often there is enough.
   *
   * @param used where the pages in use end
   * @throws an error of the system if there is no space
   */
  async take(bytes: number, used: number): Promise<void> {
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
