import { once } from 'node:events'
import type { FileHandle } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
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
export async function flock({ fd }: FileHandle): Promise<boolean> {
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
