import { once } from 'node:events'
import type { FileHandle } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { startProgram } from './spawn.js'

/** What `flock -n` exits with if someone else has the lock. */
const HELD = 1

/**
 * Locks an open file or directory until the handle is closed or this process ends, however it ends: the kernel keeps the
 * lock with the open file. So there is no process id that could be another's by now or, as in containers, the same; and
 * containers that share nothing but the directory see each other. Node.js can't call flock(2); the command of that name
 * (util-linux, busybox) can, on a file that it is handed open and that stays open here.
 *
 * @returns false if another process has the lock
 * @throws Error if it can't be had for another reason
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
