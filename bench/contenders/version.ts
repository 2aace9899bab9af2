import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** What a program says of its version, to either output; undefined if there is no such program. */
export async function versionOf(command: string, args: readonly string[], form: RegExp): Promise<string | undefined> {
  const output = await promisify(execFile)(command, args).then(
    ({ stdout, stderr }) => stdout + stderr,
    () => '',
  )
  return form.exec(output)?.[1]
}
