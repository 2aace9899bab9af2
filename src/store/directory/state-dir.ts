import { createHash } from 'node:crypto'
import { access, constants, mkdir } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { FatalError } from '../../platform/fatal-error.js'
import { addressKey, makePrivateDirectory, openToAllAbove } from '../../platform/private-dir.js'

/** Decides where a proxy stores its routes. */
export interface StateDirKey {
  /** The value of --state-dir. */
  readonly explicit: string | undefined
  /** Distinguishes the proxies of one user. */
  readonly publicAddress: string
  readonly env: NodeJS.ProcessEnv
}

export interface StateDirOptions extends StateDirKey {
  /** Whether other users may run programs on this machine. */
  readonly isShared: boolean
  readonly warn: (message: string) => void
}

/**
 * The directory of this proxy's routes, made if it is missing: that of --state-dir, or else one for the public address,
 * below XDG_STATE_HOME or ~/.local/state. If that can't be used, one below the directory for temporary files, with a
 * warning.
 *
 * @throws FatalError if the directory of --state-dir, or the last one, can't be used
 */
export async function openStateDir({ isShared, warn, ...key }: StateDirOptions): Promise<string> {
  const open = (path: string) => openDirectory(path, isShared)
  const { explicit } = key
  if (explicit !== undefined) {
    return open(resolve(explicit)).catch((error: Error) => {
      throw new FatalError(
        `--state-dir ${explicit} can't be used: ${error.message}. Choose a directory that is this user's alone.`,
      )
    })
  }
  const [lasting, temporary] = await defaultPlaces(key)
  try {
    return await openBelow(lasting, open)
  } catch (error) {
    warn(
      `The routes are kept in ${temporary}, which a reboot may clear, since there is no better place: ` +
        `${(error as Error).message}. Name one with --state-dir.`,
    )
    return openBelow(temporary, open).catch((second: Error) => {
      throw new FatalError(
        `There is no place to keep routes in: ${second.message}. Name one with --state-dir, or start with ` +
          '--storage-backend memory.',
      )
    })
  }
}

/** The directories that may have the routes of such a proxy. They need not exist. */
export async function possibleStateDirs(key: StateDirKey): Promise<readonly string[]> {
  return key.explicit === undefined ? defaultPlaces(key) : [resolve(key.explicit)]
}

async function defaultPlaces({ publicAddress, env }: StateDirKey): Promise<readonly [string, string]> {
  return [
    await placeBelow(join(stateHome(env), 'configurable-envoy-proxy'), publicAddress),
    await placeBelow(join(tmpdir(), `configurable-envoy-proxy-state-${process.getuid?.()}`), publicAddress),
  ]
}

/** Earlier versions named directories by a hash if the address was not plain; their routes stay in use. */
async function placeBelow(base: string, publicAddress: string): Promise<string> {
  const earlier = join(base, addressKey(publicAddress))
  return (await exists(earlier)) ? earlier : join(base, stateName(publicAddress))
}

/** All interfaces, of both address families or of IPv4 alone. */
const ALL = /^(::|0\.0\.0\.0)-(\d+)$/

/** A readable directory name, unique for the public address: `all-8000`, `127.0.0.1-8000`. */
export function stateName(publicAddress: string): string {
  const [, , port] = ALL.exec(publicAddress) ?? []
  if (port !== undefined) return `all-${port}`
  const plain = publicAddress.replace(/[^\w.-]+/g, '_').slice(-48)
  return plain === publicAddress
    ? plain
    : `${plain}-${createHash('sha256').update(publicAddress).digest('hex').slice(0, 8)}`
}

/** As in the XDG Base Directory Specification, a relative path is ignored. */
function stateHome(env: NodeJS.ProcessEnv): string {
  const { XDG_STATE_HOME } = env
  return XDG_STATE_HOME && isAbsolute(XDG_STATE_HOME) ? XDG_STATE_HOME : join(homedir(), '.local', 'state')
}

type Open = (path: string) => Promise<string>

/** The directory's parent must be ours too: below a directory for temporary files, others could replace it. */
async function openBelow(path: string, open: Open): Promise<string> {
  await open(dirname(path))
  return open(path)
}

async function openDirectory(path: string, isShared: boolean): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const mode = await makePrivateDirectory(path)
  if ((mode & 0o022) !== 0) throw new Error(`others can write to ${path}`)
  // In a container volumes are often writable for all, but there are no other users.
  const open = isShared ? await openToAllAbove(path) : undefined
  if (open !== undefined) throw new Error(`others can write to ${open}, and so put another directory in its place`)
  await access(path, constants.W_OK | constants.X_OK)
  return path
}

/** Whether a file exists. If that can't be determined, it counts as existing: opening it will report why. */
export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  )
}
