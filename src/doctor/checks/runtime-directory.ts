import { access, constants, lstat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { longestSocketPath } from '../../data-plane/embedded/runtime-dir.js'
import { MAX_SOCKET_PATH } from '../../platform/address.js'
import type { Check } from '../model/check.js'
import { failed, Inapplicable, ok, usable } from '../model/check.js'
import type { Subject } from '../model/subject.js'

export interface RuntimeDirFacts {
  readonly path: string
  /** How long the longest path of a socket in it is, in bytes. */
  readonly longest: number
  readonly user: number
  /** Directories of its path that are there already: that of all proxies of this user, and its own. */
  readonly there: ReadonlyArray<{ readonly path: string; readonly owner: number; readonly isDirectory: boolean }>
  /** The directory in which the first missing one would be made. */
  readonly nearest: string
  readonly isWritable: boolean
}

export const RUNTIME_DIRECTORY: Check<Subject, RuntimeDirFacts> = {
  code: 'CEP0515',
  question: 'Can the directory of the private sockets be used?',
  fatal: true,
  remedy: 'Set XDG_RUNTIME_DIR to a private, writable directory with a short path',
  async gather({ sections, dir }) {
    if (usable(sections.external) !== undefined) throw new Inapplicable('Envoys are started by others')
    if (dir === undefined) throw new Error("its options can't be used (CEP0101)")
    const base = dirname(dir.path)
    const there = (await Promise.all([base, dir.path].map(found))).flat()
    const nearest = there.at(-1)?.path ?? dirname(base)
    const isWritable = await access(nearest, constants.W_OK | constants.X_OK).then(
      () => true,
      () => false,
    )
    return {
      path: dir.path,
      longest: longestSocketPath(dir),
      user: process.getuid?.() ?? 0,
      there,
      nearest,
      isWritable,
    }
  },
  judge({ path, longest, user, there, nearest, isWritable }) {
    if (longest > MAX_SOCKET_PATH) return failed(`${path} is too long a path for unix sockets`)
    const odd = there.find(({ isDirectory }) => !isDirectory)
    if (odd !== undefined) return failed(`${odd.path} is no directory`)
    const foreign = there.find(({ owner }) => owner !== user)
    if (foreign !== undefined) return failed(`${foreign.path} belongs to user ${foreign.owner}, and this is ${user}`)
    return isWritable ? ok(path) : failed(`this user may not write to ${nearest}`)
  },
}

async function found(path: string): Promise<RuntimeDirFacts['there']> {
  const status = await lstat(path).catch(() => undefined)
  return status === undefined ? [] : [{ path, owner: status.uid, isDirectory: status.isDirectory() }]
}
