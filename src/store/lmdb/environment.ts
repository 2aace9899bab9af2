import { open } from 'node:fs/promises'
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

/** More than LMDB's lock file takes, with its 126 readers. */
const LOCK_FILE_BYTES = 16_384

/**
 * Makes the file that LMDB keeps beside the one at `path` for its readers and writers, with all its space: LMDB maps it,
 * and on a full disk the process would end by SIGBUS. What is in it LMDB writes anew when nobody has it open.
 */
export async function reserveLockFile(path: string): Promise<void> {
  const file = await open(`${path}-lock`, 'a', 0o600)
  try {
    const { size } = await file.stat()
    if (size < LOCK_FILE_BYTES) await file.write(Buffer.alloc(LOCK_FILE_BYTES - size))
  } finally {
    await file.close()
  }
}
