import { createHash } from 'node:crypto'
import { lstat, mkdir, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** The name of the directory for one public address, short enough for the paths of sockets in it. */
export function addressKey(publicAddress: string): string {
  return /^[\w.-]{1,48}$/.test(publicAddress)
    ? publicAddress
    : createHash('sha256').update(publicAddress).digest('hex').slice(0, 16)
}

/**
 * Makes a directory that only this user can read, unless it exists.
 *
 * @returns its permission bits
 * @throws Error if it can't be made, is not a directory, or belongs to another user: in a directory that all can write
 *   to, others may have put a directory or a link of their own in its place
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
 * The nearest directory above a path that everybody may write to: there anyone could replace the path. A directory with
 * the sticky bit, such as /tmp, does not count: in it only its owner can move a file.
 */
export async function openToAllAbove(path: string): Promise<string | undefined> {
  for (let at = dirname(await realpath(path)); ; at = dirname(at)) {
    const { mode } = await stat(at)
    if ((mode & 0o1002) === 0o002) return at
    if (at === dirname(at)) return undefined
  }
}
