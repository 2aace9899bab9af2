import { createHash } from 'node:crypto'
import { lstat, mkdir, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The name of a directory that belongs to one public address, short enough for the paths of sockets. */
export function addressKey(publicAddress: string): string {
  return /^[\w.-]{1,48}$/.test(publicAddress)
    ? publicAddress
    : createHash('sha256').update(publicAddress).digest('hex').slice(0, 16)
}

/**
 * Makes a directory that only this user can look into, unless it is there.
 *
 * @returns its permission bits
 * @throws Error if it can't be made, or is something else or someone else's: in a place that all can write to, others
 *   may have put a directory or a link of their own there
 */
export async function makePrivateDirectory(path: string): Promise<number> {
  await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  const found = await lstat(path)
  if (!found.isDirectory()) throw new Error(`${path} is no directory`)
  if (found.uid !== process.getuid?.()) throw new Error(`${path} belongs to someone else`)
  return found.mode & 0o777
}

/**
 * The nearest directory above a path that everybody may write to, and so put something else in the path's place. Not
 * one with the sticky bit, such as /tmp: there only its owner can move a file.
 */
export async function openToAllAbove(path: string): Promise<string | undefined> {
  for (let at = dirname(await realpath(path)); ; at = dirname(at)) {
    const { mode } = await stat(at)
    if ((mode & 0o1002) === 0o002) return at
    if (at === dirname(at)) return undefined
  }
}
