import type { FileHandle } from 'node:fs/promises'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FatalError } from '../../platform/fatal-error.js'
import { flock } from '../../platform/flock.js'

export const LOCK_FILE = 'lock'

/**
 * Makes a directory ours until the handle is closed or this process ends: see {@link flock}.
 *
 * @throws FatalError if another process has it
 */
export async function lockDirectory(path: string): Promise<FileHandle> {
  const file = join(path, LOCK_FILE)
  const handle = await open(file, 'a', 0o600).catch((error: Error) => {
    throw new FatalError(`${path} can't be locked: ${error.message}`)
  })
  try {
    // Who had it before may have removed the file in the end, and others lock the next one of that name.
    if ((await flock(handle)) && (await isStill(file, handle))) return handle
  } catch (error) {
    await handle.close()
    throw new FatalError(`${path} can't be locked: ${(error as Error).message}`)
  }
  await handle.close()
  throw new FatalError(
    `Another configurable-envoy-proxy keeps its routes in ${path}. Stop it, or give this one a --state-dir of its own.`,
  )
}

async function isStill(file: string, handle: FileHandle): Promise<boolean> {
  const { ino } = await handle.stat()
  return (await stat(file).catch(() => undefined))?.ino === ino
}
