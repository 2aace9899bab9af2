import type { FileHandle } from 'node:fs/promises'
import { open, rm } from 'node:fs/promises'
import { FatalError } from '../../platform/fatal-error.js'
import { cannotLock, lockPath } from '../../platform/flock.js'
import type { ProcessIdentity } from '../../platform/processes.js'
import { holderOf } from '../../platform/processes.js'
import type { RuntimeDir } from './runtime-dir.js'
import { makeRuntimeDir, realPath } from './runtime-dir.js'

/**
 * Locks the runtime directory until the handle is closed or this process ends, and removes the socket of a control
 * plane that has died. The lock is on the directory itself, which also keeps systemd-tmpfiles from clearing it.
 *
 * @throws FatalError if it can't be made, or another control plane has locked it
 */
export async function claim(dir: RuntimeDir): Promise<FileHandle> {
  try {
    const handle = await lockPath(dir.path, () => openDirectory(dir))
    if (handle === undefined) throw new FatalError(alreadyServes(dir))
    await rm(dir.adsSocket, { force: true }).catch(async (error) => {
      await handle.close()
      throw error
    })
    return handle
  } catch (error) {
    throw cannotLock(dir.path, error)
  }
}

function alreadyServes({ path }: RuntimeDir): string {
  return `Another configurable-envoy-proxy already serves this address (its files are in ${path}).`
}

/** Makes the directory if necessary. Undefined if a control plane that was just ending has removed it meanwhile. */
async function openDirectory(dir: RuntimeDir): Promise<FileHandle | undefined> {
  await makeRuntimeDir(dir)
  return open(dir.path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}

/** The control plane that has claimed the directory, recognised by its lock; undefined if there is none. */
export function ownerOf(dir: RuntimeDir): ProcessIdentity | undefined {
  return holderOf(realPath(dir))
}
