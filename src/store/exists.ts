import { access } from 'node:fs/promises'

/** Whether a file is there. One that can't even be looked for counts as there: whoever opens it learns why. */
export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  )
}
