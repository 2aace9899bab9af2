import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { FatalError } from '../errors.js'
import { cachedEnvoy, fetchEnvoy } from './fetch.js'
import type { EnvoyRelease } from './release.js'
import { isAtLeast, parseEnvoyVersion } from './version.js'

const run = promisify(execFile)

export interface FindEnvoyOptions {
  readonly release: EnvoyRelease
  /** --envoy-path or ENVOY_PATH. */
  readonly explicit?: string | undefined
  readonly env: NodeJS.ProcessEnv
  readonly arch: string
  /** Tells the user what is going on, a line at a time. */
  readonly progress: (line: string) => void
}

/**
 * The path of an Envoy that is new enough: the one that was named, else one on the PATH, else the pinned release from
 * the cache directory, fetched if it isn't there.
 *
 * @throws FatalError in words for the user if there is none to be had
 */
export async function findEnvoy(options: FindEnvoyOptions): Promise<string> {
  const { release, explicit, env } = options
  if (explicit !== undefined) {
    const version = await versionOf(explicit)
    if (version === undefined) throw new FatalError(`${explicit} is not an Envoy that can be run here.`)
    if (isAtLeast(version, release.minimum)) return explicit
    throw new FatalError(`${explicit} is Envoy ${version}; ${release.minimum} or newer is needed.`)
  }
  for (const directory of (env.PATH ?? '').split(delimiter).filter((entry) => entry !== '')) {
    const candidate = join(directory, 'envoy')
    const version = (await isExecutable(candidate)) ? await versionOf(candidate) : undefined
    if (version === undefined) continue
    if (isAtLeast(version, release.minimum)) return candidate
    options.progress(`Not using ${candidate}: it is Envoy ${version}, ${release.minimum} or newer is needed.`)
  }
  const cached = cachedEnvoy(options)
  return (await isExecutable(cached)) ? cached : fetchEnvoy(options)
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}

/** Undefined if the program can't be run or is something else of that name. */
async function versionOf(path: string): Promise<string | undefined> {
  try {
    return parseEnvoyVersion((await run(path, ['--version'], { timeout: 10_000 })).stdout)
  } catch {
    return undefined
  }
}
