import { getSystemErrorName } from 'node:util'

/** Errors that an operator may meet, in words. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: "this user's share of the disk is used up",
  EFBIG: 'the file would be larger than allowed',
  EROFS: 'the file system is read-only',
  EIO: 'the disk fails',
}

/**
 * Why a file can't be written, in a few words. LMDB's errors have the number of the system's error, Node.js's its name.
 */
export function reasonOf(error: Error): string {
  const { code } = error as { code?: unknown }
  const name = typeof code === 'number' && code > 0 ? getSystemErrorName(-code) : String(code)
  return REASONS[name] ?? error.message
}

/** A file of routes is damaged or unsuitable. The message follows the file's path. */
export class DamagedFile extends Error {
  override readonly name = 'DamagedFile'
}
