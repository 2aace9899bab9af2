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
  const directory = await built('helm', ['.', 'helm.sh/helm/v4/cmd/helm'])
  return { helm: join(directory, 'helm'), validate: join(directory, 'validate') }
}

/** The path of Kubernetes' API server, which is built the first time. */
export async function kubeApiServer(): Promise<string> {
  const packages = ['k8s.io/kubernetes/cmd/kube-apiserver']
  return join(await built('kube-apiserver', packages, (file) => !file.endsWith('.go')), 'kube-apiserver')
}

/**
 * @param isPart whether a file of the module is among what it is built from
 * @returns the directory in the cache that has what was built
 */
async function built(
  name: string,
  packages: readonly string[],
  isPart: (file: string) => boolean = () => true,
): Promise<string> {
  const versions = createHash('sha256').update(await describeGo())
  const files = (await readdir(MODULE)).sort().filter(isPart)
  for (const file of files) versions.update(await readFile(join(MODULE, file)))
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const digest = versions.digest('hex').slice(0, 16)
  const directory = join(cache, 'configurable-envoy-proxy', `test-${name}-${digest}`)
  await run(join(MODULE, 'build.sh'), [directory, ...packages])
  return directory
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
