import type { RootDatabaseOptionsWithPath } from 'lmdb'

/** Options that LMDB's types don't have. */
interface MoreOptions {
  readonly permissionsMode: number
  readonly eventTurnBatching: boolean
}

/** How every LMDB file is opened here. A commit is on the disk before it is reported: nothing is left to be flushed. */
export function lmdbOptions(path: string): RootDatabaseOptionsWithPath & MoreOptions {
  return {
    path,
    noSubdir: true,
    encoding: 'binary',
    keyEncoding: 'binary',
    maxDbs: 1,
    permissionsMode: 0o600,
    overlappingSync: false,
    // Transactions are made here. Those that LMDB makes by itself reject promises that nobody has.
    eventTurnBatching: false,
  }
}
