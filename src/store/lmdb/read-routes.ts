import { FatalError } from '../../platform/fatal-error.js'
import type { Route } from '../../routing/route.js'
import { DamagedFile } from './errors.js'
import { lastTransaction } from './header.js'
import { readEntries } from './read-entries.js'
import type { Entry, Summary } from './records.js'
import { checksumOf, decodeRoute, decodeSummary, FORMAT, SUMMARY_KEY } from './records.js'

/** What a file holds, as it is in there and what it means. */
export interface StoredRoutes {
  readonly entries: readonly Entry[]
  readonly routes: readonly Route[]
}

/**
 * The routes of a file that is whole: each is as it was written, none is missing, and all are of the last transaction.
 * The file isn't changed.
 *
 * @throws FatalError saying what is wrong with the file and what to do
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
      `${path} ${error.message}. It was left as it is. Start the version that wrote it, put a good copy in its place, or ` +
        'move it away to begin without routes (JupyterHub adds its own again), or start with --storage-backend memory.',
    )
  }
}

function summaryOf(entries: readonly Entry[]): Summary {
  const entry = entries.find(({ key }) => key.equals(SUMMARY_KEY))
  if (entry === undefined) throw new DamagedFile('is an LMDB file, but no table of routes')
  const summary = orDamaged(() => decodeSummary(entry.value))
  if (summary.format > FORMAT) {
    throw new DamagedFile(`is of a newer version (its format is ${summary.format}, known here is ${FORMAT})`)
  }
  return summary
}

function decodeRoutes(all: readonly Entry[], summary: Summary): StoredRoutes {
  const entries = all.filter(({ key }) => !key.equals(SUMMARY_KEY))
  if (entries.length !== summary.routes) {
    throw new DamagedFile(`is damaged: it holds ${entries.length} of ${summary.routes} routes`)
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
