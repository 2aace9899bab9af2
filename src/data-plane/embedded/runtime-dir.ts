import { createHash } from 'node:crypto'
import { accessSync, constants, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { chmod, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { MAX_SOCKET_PATH, publicAddressOf } from '../../platform/address.js'
import { FatalError } from '../../platform/fatal-error.js'
import { addressKey, makePrivateDirectory } from '../../platform/private-dir.js'
import type { Settings } from '../../settings/settings.js'

/** The private directory of one proxy's sockets and files. A later start finds its Envoy in the same directory. */
export interface RuntimeDir {
  readonly path: string
  readonly adsSocket: string
  readonly adminSocket: string
  /** Path prefix of Envoy's hot-restart sockets. */
  readonly hotRestartSocket: string
  /** What Envoy prints. */
  readonly envoyLogFile: string
}

/** The longest suffix that Envoy appends to {@link RuntimeDir.hotRestartSocket}. */
const HOT_RESTART_SUFFIX = '_udp_parent_1999999990'

/** Decides which directory a start uses. */
export interface RuntimeDirKey {
  /** If set, it alone decides, whatever the public address is. */
  readonly stateDir: string | undefined
  readonly publicAddress: string
}

/** The runtime directory of the proxy that runs with these settings. */
export function runtimeDirOf({ store: { stateDir }, public: address }: Settings): RuntimeDir {
  return locateRuntimeDir({ stateDir, publicAddress: publicAddressOf(address) }, process.env)
}

/**
 * The directory is under XDG_RUNTIME_DIR; if that isn't set, under /run for root and under the directory for temporary
 * files for others.
 */
export function locateRuntimeDir({ stateDir, publicAddress }: RuntimeDirKey, env: NodeJS.ProcessEnv): RuntimeDir {
  const name = stateDir === undefined ? addressKey(publicAddress) : stateKey(resolve(stateDir))
  return runtimeDirAt(join(baseDirectory(env), name))
}

/** This user's other runtime directories, including those of starts in another environment, such as a service. */
export function otherRuntimeDirs(dir: RuntimeDir, env: NodeJS.ProcessEnv): RuntimeDir[] {
  const login = `/run/user/${process.getuid?.()}`
  const bases = new Set([env, {}, { XDG_RUNTIME_DIR: login }].map(baseDirectory))
  const paths = [...bases].filter(isOurs).flatMap((base) => readdirSync(base).map((name) => join(base, name)))
  return paths.filter((path) => path !== dir.path && isOurs(path)).map(runtimeDirAt)
}

function runtimeDirAt(path: string): RuntimeDir {
  return {
    path,
    adsSocket: join(path, 'ads.sock'),
    adminSocket: join(path, 'admin.sock'),
    hotRestartSocket: join(path, 'hot'),
    envoyLogFile: join(path, 'envoy.log'),
  }
}

const PROGRAM = 'configurable-envoy-proxy'

function baseDirectory(env: NodeJS.ProcessEnv): string {
  const user = process.getuid?.() ?? 0
  if (env.XDG_RUNTIME_DIR) return join(env.XDG_RUNTIME_DIR, PROGRAM)
  return user === 0 && isWritable('/run') ? join('/run', PROGRAM) : join(tmpdir(), `${PROGRAM}-${user}`)
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** The same through any links to the state directory, and also if that has been lost. */
function stateKey(stateDir: string): string {
  let parent = dirname(stateDir)
  try {
    parent = realpathSync(parent)
  } catch {
    // Opening the state directory will report what is wrong with it.
  }
  return `state-${createHash('sha256')
    .update(join(parent, basename(stateDir)))
    .digest('hex')
    .slice(0, 12)}`
}

/**
 * Makes the directory, accessible to this user alone.
 *
 * @throws FatalError if it can't be made or others could read it
 */
export async function makeRuntimeDir(dir: RuntimeDir): Promise<void> {
  for (const directory of [dirname(dir.path), dir.path]) await makePrivate(directory)
  if (longestSocketPath(dir) > MAX_SOCKET_PATH) {
    throw new FatalError(`${dir.path} is too long a path for unix sockets. Set XDG_RUNTIME_DIR to a shorter one.`)
  }
}

/** How many bytes the longest path of a socket in it has. */
export function longestSocketPath({ hotRestartSocket }: RuntimeDir): number {
  return Buffer.byteLength(hotRestartSocket) + HOT_RESTART_SUFFIX.length
}

/**
 * Removes the directory if it is ours. Its parent is removed too if it is empty, unless everyone can write to the
 * grandparent: another user could then block the next start by making something of that name.
 */
export async function removeRuntimeDir(dir: RuntimeDir): Promise<void> {
  const base = dirname(dir.path)
  if (!isOurs(base)) return
  if (isOurs(dir.path)) await rm(dir.path, { recursive: true, force: true })
  if ((statSync(dirname(base)).mode & 0o002) !== 0) return
  await rmdir(base).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error
  })
}

function isOurs(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found?.isDirectory() === true && found.uid === process.getuid?.()
}

async function makePrivate(path: string): Promise<void> {
  try {
    await makePrivateDirectory(path)
    await chmod(path, 0o700)
  } catch (error) {
    throw new FatalError(
      `Cannot use ${path}: ${(error as Error).message}. Set XDG_RUNTIME_DIR to a private, writable directory.`,
    )
  }
}

/** As the kernel reports it for open files. */
export function realPath({ path }: RuntimeDir): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
