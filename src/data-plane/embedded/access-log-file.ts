import type { FileHandle } from 'node:fs/promises'
import { constants, open } from 'node:fs/promises'
import { FatalError } from '../../platform/fatal-error.js'

/** Others may have put a link there, or a pipe, at which Envoy would wait for a reader. */
const NEW_LINES =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK

/**
 * Makes the file of the access log, which only this user can read; Envoy would make one that all can. An existing file
 * keeps its mode.
 *
 * @throws FatalError if it can't be written
 */
export async function makeLogFile(path: string): Promise<void> {
  let file: FileHandle | undefined
  try {
    file = await open(path, NEW_LINES, 0o600)
    if (!(await file.stat()).isFile()) throw new Error(`${path} is no file. Write - for standard output`)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const reason = code === 'ELOOP' ? `${path} is a symbolic link. Name the file itself` : message
    throw new FatalError(`The --access-log can't be written: ${reason}.`)
  } finally {
    await file?.close()
  }
}
