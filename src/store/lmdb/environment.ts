import { open } from 'node:fs/promises'
import type { RootDatabaseOptionsWithPath } from 'lmdb'

/** Options that are missing in LMDB's types. */
interface MoreOptions {
  readonly permissionsMode: number
  readonly eventTurnBatching: boolean
}

/** The options of every LMDB file. A commit is on disk before it is reported: nothing is left to be flushed. */
export function lmdbOptions(path: string): RootDatabaseOptionsWithPath & MoreOptions {
  return {
    path,
    noSubdir: true,
    encoding: 'binary',
    keyEncoding: 'binary',
    maxDbs: 1,
    permissionsMode: 0o600,
    overlappingSync: false,
    // All transactions are made explicitly. Those that LMDB would make by itself reject promises without a handler.
    eventTurnBatching: false,
  }
}

/** More than LMDB's lock file needs with its 126 readers. */
const LOCK_FILE_BYTES = 16_384

/**
 * Makes the lock file that LMDB has beside the file at `path`, with all its space: LMDB maps it, and on a full disk the
 * process would end by SIGBUS. LMDB initialises its content when no process has it open.
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
