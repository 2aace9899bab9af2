import type { BigIntStats } from 'node:fs'
import { stat } from 'node:fs/promises'

/** How often files are checked. A change is reported once two checks in a row have found the same state. */
const LOOK_MS = 250

/** Checks files until it is closed. */
export interface FileWatch {
  close(): void
}

/**
 * Calls back when a file has changed and has then stayed the same: written to, replaced, or reached by another symbolic
 * link on its path, as when Kubernetes swaps `..data` of a mounted secret. Also calls back once after the start, as a
 * file may have changed between its first reading and this call.
 *
 * The files are polled rather than watched with inotify, which misses a link further up the path, NFS, and a file that
 * is mounted by itself, and whose instances run out on a machine with many users. A check costs a stat for each file.
 *
 * @param onChange called again only after its promise has settled; must not reject
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

/** Differs whenever the file was replaced or written to. A file that can't be reached has a state, too. */
function stateOf(path: string): Promise<string> {
  return stat(path, { bigint: true }).then(
    ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats) => [dev, ino, size, mtimeNs, ctimeNs].join(':'),
    (error: NodeJS.ErrnoException) => String(error.code),
  )
}
