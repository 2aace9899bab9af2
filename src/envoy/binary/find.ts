import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { FatalError } from '../../platform/fatal-error.js'
import { cachedEnvoy, fetchEnvoy } from './fetch.js'
import type { EnvoyRelease } from './release.js'
import { askVersion, isAtLeast } from './version.js'

export interface FindEnvoyOptions {
  readonly release: EnvoyRelease
  /** --envoy-path or ENVOY_PATH. */
  readonly explicit?: string | undefined
  readonly env: NodeJS.ProcessEnv
  readonly arch: string
  /** Tells the user what happens, a line at a time. */
  readonly progress: (line: string) => void
}

/** An Envoy that can be run here. */
export interface EnvoyBinary {
  readonly path: string
  readonly version: string
}

/**
 * An Envoy that is new enough: the one named by the user, else one on the PATH, else the pinned release
 * from the cache directory, fetched if necessary.
 *
 * @throws FatalError if no usable Envoy can be found or fetched
 */
export async function findEnvoy(options: FindEnvoyOptions): Promise<EnvoyBinary> {
  const installed = await findInstalledEnvoy(options)
  return installed ?? { path: await fetchEnvoy(options), version: options.release.version }
}

/**
 * Like {@link findEnvoy}, but fetches nothing: undefined if a release would have to be fetched.
 *
 * @throws FatalError if the one named by the user can't be used
 */
export async function findInstalledEnvoy(options: FindEnvoyOptions): Promise<EnvoyBinary | undefined> {
  const { release, explicit, env } = options
  if (explicit !== undefined) return named(explicit, options)
  for (const directory of (env.PATH ?? '').split(delimiter).filter((entry) => entry !== '')) {
    const candidate = join(directory, 'envoy')
    if (!(await isExecutable(candidate))) continue
    const answer = await askVersion(candidate)
    if ('trouble' in answer) {
      options.progress(`Not using ${candidate}: ${answer.trouble}.`)
      continue
    }
    const { version } = answer
    if (isAtLeast(version, release.minimum)) return { path: candidate, version }
    options.progress(`Not using ${candidate}: it is Envoy ${version}, ${release.minimum} or newer is needed.`)
  }
  const cached = cachedEnvoy(options)
  return (await isExecutable(cached)) ? { path: cached, version: release.version } : undefined
}

async function named(path: string, options: FindEnvoyOptions): Promise<EnvoyBinary> {
  const from = options.env.ENVOY_PATH === path ? `ENVOY_PATH=${path}` : `--envoy-path ${path}`
  const answer = await askVersion(path)
  if ('trouble' in answer) throw new FatalError(`${from} is not an Envoy that can be run here: ${answer.trouble}.`)
  const { minimum } = options.release
  if (isAtLeast(answer.version, minimum)) return { path, version: answer.version }
  throw new FatalError(`${from} is Envoy ${answer.version}; ${minimum} or newer is needed.`)
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
