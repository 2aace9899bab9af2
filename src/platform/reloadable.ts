import { isDeepStrictEqual } from 'node:util'
import type { Logger } from './log.js'
import type { FileWatch } from './watch.js'
import { watchFiles } from './watch.js'

/** A value read from files, which can be read again when they change. */
export interface Reloadable<T> {
  /** A name for people, such as `the certificate of --ssl-cert`. */
  readonly what: string
  readonly paths: readonly string[]
  /** The value at the start. */
  readonly first: T
  /** Reads and checks the files again; rejects with an error that explains what is wrong with them. */
  readonly read: () => Promise<T>
}

/** @throws whatever `read` rejects with */
export async function reloadable<T>(
  what: string,
  paths: readonly string[],
  read: () => Promise<T>,
): Promise<Reloadable<T>> {
  return { what, paths, first: await read(), read }
}

/**
 * Calls `apply` whenever the files hold something new and valid. Invalid content is logged once for each change and
 * left out.
 */
export function onReload<T>(source: Reloadable<T>, apply: (value: T) => void, log: Logger): FileWatch {
  let current = source.first
  return watchFiles(source.paths, async () => {
    try {
      const next = await source.read()
      if (isDeepStrictEqual(next, current)) return
      current = next
      log.info(`Read ${source.what} again: it has changed`)
      apply(next)
    } catch (error) {
      log.warn(`${(error as Error).message} The previous content stays in use.`)
    }
  })
}
