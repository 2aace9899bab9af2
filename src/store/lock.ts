import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { FileHandle } from 'node:fs/promises'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { FatalError } from '../errors.js'

export const LOCK_FILE = 'lock'

/** What `flock -n` exits with if someone else has the lock. */
const HELD = 1

/**
 * Makes a directory ours until the handle is closed or this process ends, however it ends: the kernel keeps the lock
 * with the open file. So there is no process id that could be another's by now or, as in containers, the same; and
 * containers that share nothing but the directory see each other. Node.js can't call flock(2); the command of that name
 * (util-linux, busybox) can, on a file that it is handed open and that stays open here.
 *
 * @throws FatalError if another process has it
 */
export async function lockDirectory(path: string): Promise<FileHandle> {
  const file = join(path, LOCK_FILE)
  const handle = await open(file, 'a', 0o600).catch((error: Error) => {
    throw new FatalError(`${path} can't be locked: ${error.message}`)
  })
  try {
    const { status, message } = await flock(handle.fd)
    if (status === HELD) {
      throw new FatalError(heldLine(path))
    }
    if (status !== 0) throw new FatalError(`${path} can't be locked: ${message || `flock ended with ${status}`}`)
    // Who had it before may have removed the file in the end, and others lock the next one of that name.
    const { ino } = await handle.stat()
    if ((await stat(file).catch(() => undefined))?.ino !== ino) throw new FatalError(heldLine(path))
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

function heldLine(path: string): string {
  return `Another configurable-envoy-proxy keeps its routes in ${path}. Stop it, or give this one a --state-dir of its own.`
}

async function flock(fd: number): Promise<{ status: number | null; message: string }> {
  const child = spawn('flock', ['-n', '3'], { stdio: ['ignore', 'ignore', 'pipe', fd] })
  const message = child.stderr === null ? Promise.resolve('') : text(child.stderr)
  try {
    const [status] = (await once(child, 'close')) as [number | null]
    return { status, message: (await message).trim() }
  } catch (error) {
    return {
      status: null,
      message: `the command flock is needed, of util-linux or busybox: ${(error as Error).message}`,
    }
  }
}
