import { open } from 'node:fs/promises'
import { FatalError } from '../../platform/fatal-error.js'
import type { Route } from '../../routing/route.js'
import { DamagedFile } from './errors.js'
import { readEntries } from './read-entries.js'
import type { Entry, Summary } from './records.js'
import { checksumOf, decodeRoute, decodeSummary, FORMAT, SUMMARY_KEY } from './records.js'

/** LMDB's two meta pages, which transactions write alternately. Positions are from a page's start. */
const MAGIC = { at: 24, value: 0xbeefc0de } as const
const VERSION = { at: 28, value: 2 } as const
const PAGE_SIZE_AT = 48
const TRANSACTION_AT = 152
const META_BYTES = 160

/** The content of a file, encoded and decoded. */
export interface StoredRoutes {
  readonly entries: readonly Entry[]
  readonly routes: readonly Route[]
}

/**
 * Reads and checks the routes of a file: each must be as it was written, none may be missing, and all must be of the
 * last transaction. The file isn't changed.
 *
 * @throws FatalError with the fault of the file and the remedy
 */
export async function readRoutes(path: string): Promise<StoredRoutes> {
  try {
    const written = await lastTransaction(path)
    const { entries, transaction } = await readEntries(path)
    const summary = summaryOf(entries)
    if (transaction !== written || summary.transaction !== written) throw new DamagedFile('lacks a change')
    return decodeRoutes(entries, summary)
  } catch (error) {
    if (!(error instanceof DamagedFile)) {
      throw new FatalError(`The routes in ${path} can't be read: ${(error as Error).message}`)
    }
    throw new FatalError(
      `${path} ${error.message}. It was not changed. Start the version that wrote it, replace it by a good copy, move it ` +
        'away to start without routes (JupyterHub adds its own again), or start with --storage-backend memory.',
    )
  }
}

/**
 * The number of the last transaction of an LMDB file. LMDB uses the meta page with the higher number. A damaged number
 * would make it return to the previous transaction, whose table is valid as well, so that no other check would notice.
 *
 * @throws DamagedFile if it is not such a file or the numbers are impossible; an error of the system if it can't be
 *   read
 */
async function lastTransaction(path: string): Promise<number> {
  const file = await open(path)
  try {
    const read = async (position: number) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(META_BYTES), 0, META_BYTES, position)
      if (bytesRead < META_BYTES) throw new DamagedFile('is cut off')
      if (buffer.readUInt32LE(MAGIC.at) !== MAGIC.value) throw new DamagedFile('is not an LMDB file')
      if (buffer.readUInt32LE(VERSION.at) !== VERSION.value) throw new DamagedFile('is of another version of LMDB')
      return buffer
    }
    const first = await read(0)
    const second = await read(first.readUInt32LE(PAGE_SIZE_AT))
    const numbers = [first, second].map((meta) => meta.readBigUInt64LE(TRANSACTION_AT)) as [bigint, bigint]
    const [lower, higher] = numbers[0] < numbers[1] ? numbers : [numbers[1], numbers[0]]
    if (higher - lower !== 1n) throw new DamagedFile('lacks a change')
    return Number(higher)
  } finally {
    await file.close()
  }
}

function summaryOf(entries: readonly Entry[]): Summary {
  const entry = entries.find(({ key }) => key.equals(SUMMARY_KEY))
  if (entry === undefined) throw new DamagedFile('is an LMDB file, but not a table of routes')
  const summary = orDamaged(() => decodeSummary(entry.value))
  if (summary.format > FORMAT) {
    throw new DamagedFile(`is of a newer version (its format is ${summary.format}, known here is ${FORMAT})`)
  }
  return summary
}

function decodeRoutes(all: readonly Entry[], summary: Summary): StoredRoutes {
  const entries = all.filter(({ key }) => !key.equals(SUMMARY_KEY))
  if (entries.length !== summary.routes) {
    throw new DamagedFile(`is damaged: it has ${entries.length} of ${summary.routes} routes`)
  }
  const routes = entries.map((entry) => orDamaged(() => decodeRoute(entry)))
  const sum = entries.reduce((total, { value }) => total + checksumOf(value), 0n)
  if (BigInt.asUintN(64, sum) !== summary.sum) throw new DamagedFile('is damaged: some routes are not the latest')
  return { entries, routes }
}

function orDamaged<T>(decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    throw new DamagedFile(`is damaged: ${(error as Error).message}`)
  }
}
