import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A file of so many bytes in a directory; it is written once. */
export async function fileOf(directory: string, bytes: number): Promise<string> {
  const file = join(directory, `${bytes}-bytes`)
  const size = await stat(file).then(
    ({ size }) => size,
    () => 0,
  )
  if (size !== bytes) await writeFile(file, Buffer.alloc(bytes, 'x'))
  return file
}
