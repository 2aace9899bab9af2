import type { BigIntStats } from 'node:fs'
import { stat } from 'node:fs/promises'

/** How often files are looked at. A change is reported when two looks in a row have seen the same. */
const LOOK_MS = 250

/** Looks at files until it is closed. */
export interface FileWatch {
  close(): void
}

/**
 * Calls back when any of the files has changed and has been left alone since: written, replaced, or reached by another
 * symbolic link somewhere on its path, as Kubernetes swaps `..data` under a mounted secret. Also calls back once after
 * the start, since a file may have changed between its first reading and this call.
 *
 * The files are looked at, not watched with inotify: that knows nothing of a link further up the path, of NFS or of a
 * file that is mounted alone, and on a machine with many users its instances run out. A look costs a stat for each file.
 *
 * @param onChange never called again before what it returned has settled; must not fail
 */
export function watchFiles(
  paths: readonly string[],
  onChange: () => void | Promise<void>,
  lookMs: number = LOOK_MS,
): FileWatch {
  let closed = false
  let reported: string | undefined
  let seen: string | undefined
  let timer: NodeJS.Timeout
  const look = async () => {
    const now = (await Promise.all(paths.map(stateOf))).join()
    if (!closed && now === seen && now !== reported) {
      reported = now
      await onChange()
    }
    seen = now
    lookLater()
  }
  const lookLater = () => {
    if (!closed) timer = setTimeout(() => void look(), lookMs).unref()
  }
  lookLater()
  return {
    close: () => {
      closed = true
      clearTimeout(timer)
    },
  }
}

/** Differs whenever the file is another one or was written to; a file that can't be reached has a state as well. */
function stateOf(path: string): Promise<string> {
  return stat(path, { bigint: true }).then(
    ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats) => [dev, ino, size, mtimeNs, ctimeNs].join(':'),
    (error: NodeJS.ErrnoException) => String(error.code),
  )
}
