import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PACKAGE_ROOT } from '../../src/platform/package.js'

const run = promisify(execFile)

const REQUIREMENTS = join(PACKAGE_ROOT, 'test/hub/requirements.txt')
const MAKE_VENV = join(PACKAGE_ROOT, 'test/hub/make_venv.py')
/** Fails where the packages can't be installed; else prints what a virtual environment depends on. */
const CHECK = `
import sys
if sys.version_info < (3, 11): sys.exit('python3 is older than 3.11')
try: import ensurepip, venv
except ImportError as error: sys.exit(f'python3 lacks a part: {error}')
print(sys.version, sys.base_prefix)
`

/** Why there can be no JupyterHub here; see {@link withoutVenv}. */
export function withoutHub(): Promise<string | false> {
  return withoutVenv('JupyterHub')
}

/**
 * Why there can be no virtual environment here with something in it, for `skip`; false if there can. In continuous
 * integration nothing is skipped: the test fails with the reason.
 */
export async function withoutVenv(what: string): Promise<string | false> {
  if (process.env.CI === 'true') return false
  return describePython().then(
    () => false,
    (error: Error) => `${error.message}, so there is no ${what} to test with`,
  )
}

/** The directory of a virtual environment with the pinned JupyterHub. */
export function hubVenv(): Promise<string> {
  return pythonVenv('hub', REQUIREMENTS)
}

/**
 * The directory of a virtual environment with pinned packages. It is made in the cache directory by the first test that
 * needs it and stays there for the next ones.
 */
export async function pythonVenv(name: string, requirements: string): Promise<string> {
  const versions = createHash('sha256')
    .update(await describePython())
    .update(await readFile(requirements))
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const directory = join(cache, 'configurable-envoy-proxy', `test-${name}-${versions.digest('hex').slice(0, 16)}`)
  await run('python3', [MAKE_VENV, directory, requirements])
  return directory
}

async function describePython(): Promise<string> {
  try {
    return (await run('python3', ['-c', CHECK])).stdout
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string }
    throw new Error(code === 'ENOENT' ? 'python3 is missing' : stderr?.trim() || String(error))
  }
}
