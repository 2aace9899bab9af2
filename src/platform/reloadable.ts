import { isDeepStrictEqual } from 'node:util'
import type { PlainLog } from './log.js'
import type { FileWatch } from './watch.js'
import { watchFiles } from './watch.js'

/** A value read from files, which can be read again when they change. */
export interface Reloadable<T> {
  /** A name for people, such as `the certificate of --ssl-cert`. */
  readonly what: string
  readonly paths: readonly string[]
  /** The value at the start. */
  readonly first: T
  /** The value in use: the last one that {@link onReload} has applied. */
  readonly current: () => T
  /** Called when another value is in use. */
  readonly replaced: (value: T) => void
  /** Reads and checks the files again; rejects with an error that explains what is wrong with them. */
  readonly read: () => Promise<T>
}

/** @throws whatever `read` rejects with */
export async function reloadable<T>(
  what: string,
  paths: readonly string[],
  read: () => Promise<T>,
): Promise<Reloadable<T>> {
  const first = await read()
  let current: T = first
  const replaced = (value: T) => {
    current = value
  }
  return { what, paths, first, current: () => current, replaced, read }
}

/**
 * Calls `apply` whenever the files hold something new and valid. Invalid content is logged once for each change and
 * left out.
 */
export function onReload<T>(source: Reloadable<T>, apply: (value: T) => void, log: PlainLog): FileWatch {
  return watchFiles(source.paths, async () => {
    try {
      const next = await source.read()
      if (isDeepStrictEqual(next, source.current())) return
      source.replaced(next)
      log.info(`Read ${source.what} again: it has changed`)
      apply(next)
    } catch (error) {
      log.warn(`${(error as Error).message} The previous content stays in use.`)
    }
  })
}
