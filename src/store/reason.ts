/** What stands for LMDB's long messages and the system's short ones, for those that an operator may meet. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: "this user's share of the disk is used up",
  EFBIG: 'the file would be larger than allowed',
  EROFS: 'the file system is read-only',
  EIO: 'the disk fails',
}

/** Why a file can't be written, in a few words. */
export function reasonOf(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code
  return (typeof code === 'string' && REASONS[code]) || error.message
}
