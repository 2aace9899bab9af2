import type { FileHandle } from 'node:fs/promises'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FatalError } from '../../platform/fatal-error.js'
import { flock } from '../../platform/flock.js'

export const LOCK_FILE = 'lock'

/**
 * Locks a directory until the handle is closed or this process ends: see {@link flock}.
 *
 * @throws FatalError if another process has locked it
 */
export async function lockDirectory(path: string): Promise<FileHandle> {
  const file = join(path, LOCK_FILE)
  for (;;) {
    const handle = await open(file, 'a', 0o600).catch((error: Error) => {
      throw new FatalError(`${path} can't be locked: ${error.message}`)
    })
    try {
      if (!(await flock(handle))) throw new FatalError(lockedBy(path))
      // A proxy that was just ending may have removed the file, so that others would lock the next one of that name.
      if (await isStill(file, handle)) return handle
      await handle.close()
    } catch (error) {
      await handle.close()
      if (error instanceof FatalError) throw error
      throw new FatalError(`${path} can't be locked: ${(error as Error).message}`)
    }
  }
}

function lockedBy(path: string): string {
  return (
    `Another configurable-envoy-proxy keeps its routes in ${path}. ` +
    'Stop it, or give this one another --port, and a --state-dir of its own if you use that option.'
  )
}

async function isStill(file: string, handle: FileHandle): Promise<boolean> {
  const { ino } = await handle.stat()
  return (await stat(file).catch(() => undefined))?.ino === ino
}
