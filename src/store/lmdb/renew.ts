import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { FatalError } from '../../platform/fatal-error.js'
import type { Logger } from '../../platform/log.js'
import { reasonOf } from './errors.js'
import { LmdbFile, WRITES } from './file.js'
import type { Entry } from './records.js'

/**
 * Writes a file's entries into a new one, replaces the old file atomically, and opens the new one. This removes the
 * part of the old file that can't be checked, LMDB's lists of free pages: with wrong lists it would overwrite routes.
 *
 * @param entries undefined if there is no file yet
 * @throws FatalError if there is none and none can be made. If an old file can't be replaced, a warning says so and
 *   that one is opened
 */
export async function renewFile(path: string, entries: readonly Entry[] | undefined, log: Logger): Promise<LmdbFile> {
  try {
    await replaceFile(path, entries ?? [])
  } catch (error) {
    const what = `${path} can't be written: ${reasonOf(error as Error)}.`
    if (entries === undefined) {
      throw new FatalError(`${what} Make room, or give another --state-dir, or start with --storage-backend memory.`)
    }
    log.warn(`${what} The existing file stays in use.`)
  }
  return LmdbFile.open(path, entries ?? [])
}

/**
 * Atomically replaces a file, which no process may have open, by a new one with these entries, in key order.
 *
 * @throws an error of the system
 */
export async function replaceFile(path: string, entries: readonly Entry[]): Promise<void> {
  const draft = `${path}.new`
  await remove(draft)
  try {
    await write(draft, entries)
    await sync(draft)
    await rename(draft, path)
    await sync(dirname(path))
  } finally {
    await remove(draft)
  }
}

async function write(path: string, entries: readonly Entry[]): Promise<void> {
  const file = await LmdbFile.open(path, [], false)
  try {
    // An empty table is a transaction too.
    for (let at = 0; at === 0 || at < entries.length; at += WRITES.inOrder.most) {
      await file.commit(entries.slice(at, at + WRITES.inOrder.most), 'inOrder')
    }
  } finally {
    await file.close()
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function remove(path: string): Promise<void> {
  await Promise.all([path, `${path}-lock`].map((file) => rm(file, { force: true })))
}
