import type { FileHandle } from 'node:fs/promises'
import { open as openFile } from 'node:fs/promises'
import type { RootDatabase } from 'lmdb'
import { open } from 'lmdb'
import { lmdbOptions, reserveLockFile } from './environment.js'
import type { Entry, Summary } from './records.js'
import { checksumOf, encodeSummary, FORMAT, SUMMARY_KEY } from './records.js'
import { ReservedSpace } from './space.js'

/** A change of one key: a new value, or undefined to remove it. */
export interface Write {
  readonly key: Buffer
  readonly value: Buffer | undefined
}

interface Statistics {
  readonly pageSize: number
  readonly lastPageNumber: number
  readonly lastTxnId: number
}

/**
 * How many changes go into one transaction, and the most pages that each needs in addition to its value's. Changes in
 * any order each have a path of their own in the tree, doubled for splits; changes in key order share a path.
 */
export const WRITES = { anywhere: { most: 32, pages: 16 }, inOrder: { most: 256, pages: 1 } } as const

/** The pages that every transaction needs: for the summary and the lists of free pages. */
const PAGES_OF_A_TRANSACTION = 32

/** An LMDB file of routes that is open for writing, by this process alone. */
export class LmdbFile {
  readonly #database: RootDatabase<Buffer, Buffer>
  readonly #file: FileHandle
  readonly #space: ReservedSpace
  #summary: Pick<Summary, 'routes' | 'sum'>

  private constructor(
    database: RootDatabase<Buffer, Buffer>,
    file: FileHandle,
    summary: Pick<Summary, 'routes' | 'sum'>,
  ) {
    this.#database = database
    this.#file = file
    this.#summary = summary
    this.#space = new ReservedSpace(file)
  }

  /**
   * Opens a file, or makes an empty one.
   *
   * @param entries the file's entries
   * @param sync whether a transaction must be on disk before it is reported
   */
  static async open(path: string, entries: readonly Entry[], sync = true): Promise<LmdbFile> {
    await reserveLockFile(path)
    const database = open<Buffer, Buffer>({ ...lmdbOptions(path), noSync: !sync })
    const sum = entries.reduce((total, { value }) => total + checksumOf(value), 0n)
    const file = await openFile(path, 'r+')
    return new LmdbFile(database, file, { routes: entries.length, sum })
  }

  /**
   * Makes changes in one transaction. No two may have the same key.
   *
   * @param order see {@link WRITES}
   * @returns the number of the transaction
   * @throws Error if that fails; then none of them is made
   */
  async commit(writes: readonly Write[], order: keyof typeof WRITES = 'anywhere'): Promise<number> {
    // Once only: it takes LMDB longer than a change of one route.
    const { pageSize, lastPageNumber, lastTxnId } = this.#statistics()
    const used = (lastPageNumber + 1) * pageSize
    await this.#space.take(mostPages(writes, WRITES[order].pages, pageSize) * pageSize, used)
    const summary = this.#after(writes)
    const transaction = lastTxnId + 1
    const stored = encodeSummary({ format: FORMAT, ...summary, transaction })
    await this.#database
      .childTransaction(() => {
        for (const { key, value } of writes) {
          if (value === undefined) this.#database.remove(key)
          else this.#database.put(key, value)
        }
        this.#database.put(SUMMARY_KEY, stored)
      })
      .catch(async (error: Error & { commitError?: Promise<never> }) => {
        // LMDB's own error, if it has one.
        throw await (error.commitError ?? Promise.reject(error)).catch((reason: Error) => reason)
      })
    this.#summary = summary
    return transaction
  }

  #after(writes: readonly Write[]): Pick<Summary, 'routes' | 'sum'> {
    let { routes, sum } = this.#summary
    for (const { key, value } of writes) {
      const before = this.#database.get(key)
      if (before !== undefined) {
        routes -= 1
        sum -= checksumOf(before)
      }
      if (value !== undefined) {
        routes += 1
        sum += checksumOf(value)
      }
    }
    return { routes, sum: BigInt.asUintN(64, sum) }
  }

  /** How many routes it has. */
  get routes(): number {
    return this.#summary.routes
  }

  #statistics(): Statistics {
    return this.#database.getStats() as Statistics
  }

  async close(): Promise<void> {
    await this.#database.close()
    await this.#file.close()
  }
}

function mostPages(writes: readonly Write[], pagesOfAWrite: number, pageSize: number): number {
  return writes.reduce(
    (pages, { value }) => pages + pagesOfAWrite + Math.ceil((value?.length ?? 1) / pageSize) + 1,
    PAGES_OF_A_TRANSACTION,
  )
}
