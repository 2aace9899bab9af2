import { readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoreFigures } from './snapshot.js'

/**
 * The size of the files in a store's directory, and what is free on their disk; undefined without a directory, or if it
 * can't be read just now.
 */
export async function storeFiles(directory: string | undefined): Promise<Pick<StoreFigures, 'bytes' | 'freeBytes'>> {
  if (directory === undefined) return { bytes: undefined, freeBytes: undefined }
  const sizes = async () => {
    const names = await readdir(directory)
    const found = await Promise.all(
      names.map((name) =>
        stat(join(directory, name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
    )
    return found.reduce((all, size) => all + size, 0)
  }
  const free = async () => {
    const { bavail, bsize } = await statfs(directory)
    return bavail * bsize
  }
  const [bytes, freeBytes] = await Promise.all([sizes, free].map((read) => read().catch(() => undefined)))
  return { bytes, freeBytes }
}
