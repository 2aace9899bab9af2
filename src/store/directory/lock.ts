import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { FatalError } from '../../platform/fatal-error.js'
import { cannotLock, lockPath } from '../../platform/flock.js'

export const LOCK_FILE = 'lock'

/**
 * Locks a directory until the handle is closed or this process ends: see {@link lockPath}.
 *
 * @throws FatalError if another process has locked it
 */
export async function lockDirectory(path: string): Promise<FileHandle> {
  const file = join(path, LOCK_FILE)
  try {
    const handle = await lockPath(file, () => open(file, 'a', 0o600))
    if (handle === undefined) throw new FatalError(lockedBy(path))
    return handle
  } catch (error) {
    throw cannotLock(path, error)
  }
}

function lockedBy(path: string): string {
  return (
    `Another configurable-envoy-proxy keeps its routes in ${path}. ` +
    'Stop it, or give this one another --port, and a --state-dir of its own if you use that option.'
  )
}
