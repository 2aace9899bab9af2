import { access, constants, lstat, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openToAllAbove } from '../../platform/private-dir.js'
import { holderOf } from '../../platform/processes.js'
import { isSharedMachine } from '../../settings/machine.js'
import { LOCK_FILE } from '../../store/directory/lock.js'
import { possibleStateDirs } from '../../store/directory/state-dir.js'
import { chooseBackend } from '../../store/open/open.js'
import type { Check } from '../model/check.js'
import { failed, Inapplicable, ok, usable } from '../model/check.js'
import type { Subject } from '../model/subject.js'
import { processesOf } from '../model/subject.js'

export interface DirectoryFacts {
  readonly path: string
  /** Undefined if it has yet to be made. */
  readonly found: { readonly isDirectory: boolean; readonly owner: number; readonly mode: number } | undefined
  readonly user: number
  /** The directory itself, or the nearest one above it that exists. */
  readonly nearest: string
  readonly isWritable: boolean
  /** A directory above it that everybody may write to. */
  readonly openAbove: string | undefined
}

/** The directory that a start would use. */
async function pathOf({ sections, stateDir, env }: Subject): Promise<string> {
  const { backend } = await chooseBackend({ ...usable(sections.store), env })
  if (backend !== 'lmdb') throw new Inapplicable('no routes are kept on disk by this program')
  const [path] = stateDir === undefined ? [] : await possibleStateDirs(stateDir)
  if (path === undefined) throw new Error("its options can't be used (CEP0101)")
  return path
}

async function factsOf(subject: Subject): Promise<DirectoryFacts> {
  const path = await pathOf(subject)
  const found = await lstat(path).catch(() => undefined)
  const nearest = await nearestOf(path)
  return {
    ...{ path, nearest, user: process.getuid?.() ?? 0 },
    found: found && { isDirectory: found.isDirectory(), owner: found.uid, mode: found.mode & 0o777 },
    isWritable: await access(nearest, constants.W_OK | constants.X_OK).then(
      () => true,
      () => false,
    ),
    // In a container there are no other users.
    openAbove: found?.isDirectory() && isSharedMachine() ? await openToAllAbove(path) : undefined,
  }
}

async function nearestOf(path: string): Promise<string> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  )
  return isThere || path === dirname(path) ? path : nearestOf(dirname(path))
}

export const STATE_DIRECTORY: Check<Subject, DirectoryFacts> = {
  code: 'CEP0511',
  question: 'Can the state directory be used, and by this user alone?',
  fatal: true,
  remedy: 'As root: install -d -m 700 -o USER DIRECTORY, then --state-dir DIRECTORY',
  gather: factsOf,
  judge({ path, found, user, nearest, isWritable, openAbove }) {
    const remedy = `As root: install -d -m 700 -o ${user} ${path}`
    if (found !== undefined && !found.isDirectory) return failed(`${path} is no directory`, `mv ${path} ${path}.old`)
    if (found !== undefined && found.owner !== user) {
      return failed(
        `${path} belongs to user ${found.owner}, and this is ${user}`,
        `Run it as that user: sudo -u '#${found.owner}' ..., or ${remedy}`,
      )
    }
    if (found !== undefined && (found.mode & 0o022) !== 0)
      return failed(`others can write to ${path}`, `chmod 700 ${path}`)
    if (openAbove !== undefined) {
      return failed(
        `others can write to ${openAbove}, and so put another directory in its place`,
        `chmod o-w ${openAbove}`,
      )
    }
    if (!isWritable) return failed(`this user may not write to ${nearest}`, remedy)
    return ok(found === undefined ? `${path} will be made` : path)
  },
}

export interface SpaceFacts {
  readonly path: string
  readonly free: number
  /** How many more files can be made. Some file systems have no limit, and say 0 of 0. */
  readonly files: { readonly all: number; readonly free: number }
}

/** What the store reserves when it grows, with room for the next start's copy of a large table. */
const NEEDED = 16 * 1024 * 1024

export const DISK_SPACE: Check<Subject, SpaceFacts> = {
  code: 'CEP0512',
  question: 'Is there space on the disk of the state directory?',
  fatal: true,
  remedy: 'Free some: `df -h DIRECTORY` and `df -i DIRECTORY` show how much there is',
  async gather(subject) {
    const path = await nearestOf(await pathOf(subject))
    const { bavail, bsize, files, ffree } = await statfs(path)
    return { path, free: bavail * bsize, files: { all: files, free: ffree } }
  },
  judge({ path, free, files }) {
    if (files.all > 0 && files.free < 10) return failed(`no more files can be made in ${path}`, `df -i ${path}`)
    const shown = `${Math.floor(free / 1024 / 1024)} MiB are free in ${path}`
    return free < NEEDED ? failed(`${shown}: routes could not be added (507)`, `df -h ${path}`) : ok(shown)
  },
}

export interface LockFacts {
  readonly path: string
  readonly holder: number | undefined
  readonly ours: readonly number[]
}

export const STATE_LOCK: Check<Subject, LockFacts> = {
  code: 'CEP0513',
  question: 'Does no other proxy keep its routes there?',
  fatal: true,
  remedy: 'Stop the other one, or give this one another --port or a --state-dir of its own',
  async gather(subject) {
    const path = await pathOf(subject)
    return { path, holder: holderOf(join(path, LOCK_FILE))?.pid, ours: processesOf(subject) }
  },
  judge({ path, holder, ours }) {
    if (holder === undefined) return ok(`nobody has locked ${path}`)
    return ours.includes(holder)
      ? ok(`the proxy that runs with these options has locked it (process ${holder})`)
      : failed(`process ${holder} has locked ${path}`, `kill ${holder}`)
  },
}
