import type { FileHandle } from 'node:fs/promises'
import { open, rm, stat } from 'node:fs/promises'
import { FatalError } from '../../platform/fatal-error.js'
import { flock } from '../../platform/flock.js'
import type { ProcessIdentity } from '../../platform/processes.js'
import { identify, locks, openFiles, ourProcesses, shares } from '../../platform/processes.js'
import type { RuntimeDir } from './runtime-dir.js'
import { makeRuntimeDir, realPath } from './runtime-dir.js'

/**
 * Locks the runtime directory until the handle is closed or this process ends, and removes the socket of a control
 * plane that has died. The lock is on the directory itself, which also keeps systemd-tmpfiles from clearing it.
 *
 * @throws FatalError if it can't be made, or another control plane has locked it
 */
export async function claim(dir: RuntimeDir): Promise<FileHandle> {
  for (;;) {
    await makeRuntimeDir(dir)
    const handle = await openDirectory(dir)
    if (handle === undefined) continue
    try {
      if (!(await flock(handle))) {
        throw new FatalError(
          `Another configurable-envoy-proxy already serves this address (its files are in ${dir.path}).`,
        )
      }
      // A control plane that was just ending may have removed it before it was locked.
      if (await isStill(dir, handle)) {
        await rm(dir.adsSocket, { force: true })
        return handle
      }
      await handle.close()
    } catch (error) {
      await handle.close()
      if (error instanceof FatalError) throw error
      throw new FatalError(`${dir.path} can't be locked: ${(error as Error).message}`)
    }
  }
}

/** Undefined if a control plane that was just ending has removed it. */
async function openDirectory({ path }: RuntimeDir): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new FatalError(`${path} can't be locked: ${(error as Error).message}`)
  }
}

async function isStill(dir: RuntimeDir, handle: FileHandle): Promise<boolean> {
  const [held, found] = await Promise.all([handle.stat(), stat(dir.path).catch(() => undefined)])
  return held.ino === found?.ino && held.dev === found.dev
}

/** The control plane that has claimed the directory, recognised by its lock; undefined if there is none. */
export function ownerOf(dir: RuntimeDir): ProcessIdentity | undefined {
  const path = realPath(dir)
  const holds = (pid: number) => openFiles(pid)?.some(({ fd, file }) => file === path && locks(pid, fd))
  const owner = ourProcesses().find((pid) => holds(pid) && shares(pid, path))
  return owner === undefined ? undefined : identify(owner)
}
