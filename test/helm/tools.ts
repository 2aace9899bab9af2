import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PACKAGE_ROOT } from '../../src/platform/package.js'

const run = promisify(execFile)

const MODULE = join(PACKAGE_ROOT, 'test/helm/validate')

/** The paths of Helm and of what judges manifests as an API server does. */
export interface HelmTools {
  readonly helm: string
  readonly validate: string
}

/**
 * Why there can be no Helm here, for `skip`; false if there can. In continuous integration nothing is skipped: the test
 * fails with the reason.
 */
export async function withoutHelm(): Promise<string | false> {
  if (process.env.CI === 'true') return false
  return describeGo().then(
    () => false,
    (error: Error) => `${error.message}, so there is no Helm to test with`,
  )
}

/** Builds the pinned versions in the cache directory, the first time, and returns where they are. */
export async function helmTools(): Promise<HelmTools> {
  const versions = createHash('sha256').update(await describeGo())
  for (const file of (await readdir(MODULE)).sort()) versions.update(await readFile(join(MODULE, file)))
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const directory = join(cache, 'configurable-envoy-proxy', `test-helm-${versions.digest('hex').slice(0, 16)}`)
  await run(join(MODULE, 'build.sh'), [directory])
  return { helm: join(directory, 'helm'), validate: join(directory, 'validate') }
}

/** Fails where there is no Go, or one that is too old for the module. */
async function describeGo(): Promise<string> {
  try {
    return (await run('go', ['env', 'GOVERSION', 'GOARCH'], { cwd: MODULE })).stdout
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string }
    throw new Error(code === 'ENOENT' ? 'Go is missing' : stderr?.trim() || String(error))
  }
}
