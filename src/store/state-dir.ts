import { access, constants, mkdir } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { FatalError } from '../errors.js'
import { addressKey, makePrivateDirectory } from '../private-dir.js'

export interface StateDirOptions {
  /** The value of --state-dir. */
  readonly explicit: string | undefined
  /** What tells apart the proxies of one user. */
  readonly publicAddress: string
  readonly env: NodeJS.ProcessEnv
  readonly warn: (message: string) => void
}

/**
 * The directory that keeps this proxy's routes, made if it isn't there: the one of --state-dir, else one that belongs to
 * the public address, below XDG_STATE_HOME or ~/.local/state. Where that can't be had, one below the directory for
 * temporary files, with a warning.
 *
 * @throws FatalError if the directory of --state-dir, or the last one, can't be used
 */
export async function openStateDir({ explicit, publicAddress, env, warn }: StateDirOptions): Promise<string> {
  if (explicit !== undefined) {
    return openDirectory(resolve(explicit)).catch((error: Error) => {
      throw new FatalError(
        `--state-dir ${explicit} can't be used: ${error.message}. Choose a directory that is this user's alone.`,
      )
    })
  }
  const name = addressKey(publicAddress)
  try {
    return await openBelow(join(stateHome(env), 'configurable-envoy-proxy'), name)
  } catch (error) {
    const base = join(tmpdir(), `configurable-envoy-proxy-state-${process.getuid?.()}`)
    warn(
      `The routes are kept in ${join(base, name)}, which a reboot may clear, since there is no better place: ` +
        `${(error as Error).message}. Name one with --state-dir.`,
    )
    return openBelow(base, name).catch((second: Error) => {
      throw new FatalError(
        `There is no place to keep routes in: ${second.message}. Name one with --state-dir, or start with ` +
          '--storage-backend memory.',
      )
    })
  }
}

/** As the XDG Base Directory Specification has it: a path that isn't absolute counts as none. */
function stateHome(env: NodeJS.ProcessEnv): string {
  const { XDG_STATE_HOME } = env
  return XDG_STATE_HOME && isAbsolute(XDG_STATE_HOME) ? XDG_STATE_HOME : join(homedir(), '.local', 'state')
}

/** Below the directory for temporary files, the one in between must be ours too: else anyone could put another in its place. */
async function openBelow(base: string, name: string): Promise<string> {
  await openDirectory(base)
  return openDirectory(join(base, name))
}

async function openDirectory(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const mode = await makePrivateDirectory(path)
  if ((mode & 0o022) !== 0) throw new Error(`others can write to ${path}`)
  await access(path, constants.W_OK | constants.X_OK)
  return path
}
