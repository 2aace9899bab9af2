import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Why a test that needs a program can't run here, for `skip`; false if it can. The packages are in `.ci/packages` too,
 * so that continuous integration has them.
 *
 * @param command the program's name, which is looked for on the PATH
 * @param debianPackage what has it in Debian
 */
export async function without(command: string, debianPackage: string): Promise<string | false> {
  return run('sh', ['-c', 'command -v "$0"', command]).then(
    () => false,
    () => `${command} is missing: apt-get install ${debianPackage}`,
  )
}
