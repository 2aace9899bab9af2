import { once } from 'node:events'
import type { FileHandle } from 'node:fs/promises'
import { stat } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { FatalError } from './fatal-error.js'
import { startProgram } from './spawn.js'

/** The exit status of `flock -n` if another process has the lock. */
const HELD = 1

/**
 * Locks an open file or directory until the handle is closed or this process ends, however it ends: the kernel ties the
 * lock to the open file. A process id in a file could belong to another process by now, or to one in another container;
 * this lock works even between containers that share only the directory. Node.js can't call flock(2). The command of
 * that name (util-linux, busybox) can lock a file that it inherits and that stays open here.
 *
 * @returns false if another process has the lock
 * @throws Error if locking fails for another reason
 */
async function flock({ fd }: FileHandle): Promise<boolean> {
  const child = await startProgram('flock', ['-n', '3'], { stdio: ['ignore', 'ignore', 'pipe', fd] }).catch(
    (error: NodeJS.ErrnoException) => {
      const need = error.code === 'ENOENT' ? 'the command flock is needed, of util-linux or busybox: ' : ''
      throw new Error(`${need}${error.message}`)
    },
  )
  const message = child.stderr ? text(child.stderr) : Promise.resolve('')
  const [status] = (await once(child, 'close')) as [number | null]
  if (status === 0 || status === HELD) return status === 0
  throw new Error((await message).trim() || `flock ended with ${status}`)
}

/**
 * Opens what is at a path and locks it, until the handle is closed or this process ends. A process that was just ending may
 * have removed it before it was locked, so that others would lock the next one at that path; then it is opened again.
 *
 * @param open opens it; undefined to be called again, if it was removed meanwhile
 * @returns undefined if another process has locked it
 * @throws Error if it can't be opened or locked
 */
export async function lockPath(
  path: string,
  open: () => Promise<FileHandle | undefined>,
): Promise<FileHandle | undefined> {
  for (;;) {
    const handle = await open()
    if (handle === undefined) continue
    let isLocked = false
    try {
      if (!(await flock(handle))) return undefined
      isLocked = await isAt(path, handle)
      if (isLocked) return handle
    } finally {
      if (!isLocked) await handle.close()
    }
  }
}

async function isAt(path: string, handle: FileHandle): Promise<boolean> {
  const [held, found] = await Promise.all([handle.stat(), stat(path).catch(() => undefined)])
  return held.ino === found?.ino && held.dev === found.dev
}

/** The error for {@link lockPath}. One for the operator stays as it is. */
export function cannotLock(path: string, error: unknown): FatalError {
  return error instanceof FatalError ? error : new FatalError(`${path} can't be locked: ${(error as Error).message}`)
}
