import { open } from 'node:fs/promises'

/** More than LMDB's lock file takes, with its 126 readers. */
const BYTES = 16_384

/**
 * Makes the file that LMDB keeps beside the one at `path` for its readers and writers, with all its space: LMDB maps it,
 * and on a full disk the process would end by SIGBUS. What is in it LMDB writes anew when nobody has it open.
 */
export async function reserveLockFile(path: string): Promise<void> {
  const file = await open(`${path}-lock`, 'a', 0o600)
  try {
    const { size } = await file.stat()
    if (size < BYTES) await file.write(Buffer.alloc(BYTES - size))
  } finally {
    await file.close()
  }
}
