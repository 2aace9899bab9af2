import { chmod, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { FatalError } from '../errors.js'
import { addressKey, makePrivateDirectory } from '../private-dir.js'

/** The private directory of one proxy's sockets and files, the same for every start with the same public address. */
export interface RuntimeDir {
  readonly path: string
  readonly adsSocket: string
  readonly adminSocket: string
  readonly bootstrapFile: string
  /** Holds the process id of the Envoy that was started last. */
  readonly envoyPidFile: string
}

/** The longest path that a unix socket can have on Linux. */
const MAX_SOCKET_PATH = 107

/**
 * Makes the directory of the proxy on this public address, under XDG_RUNTIME_DIR or else the directory for temporary
 * files, open to this user alone.
 *
 * @throws FatalError if it can't be made or someone else could look into it
 */
export async function openRuntimeDir(publicAddress: string, env: NodeJS.ProcessEnv): Promise<RuntimeDir> {
  const base = env.XDG_RUNTIME_DIR
    ? join(env.XDG_RUNTIME_DIR, 'configurable-envoy-proxy')
    : join(tmpdir(), `configurable-envoy-proxy-${process.getuid?.() ?? 0}`)
  const path = join(base, addressKey(publicAddress))
  for (const directory of [base, path]) await makePrivate(directory)
  const dir = {
    path,
    adsSocket: join(path, 'ads.sock'),
    adminSocket: join(path, 'admin.sock'),
    bootstrapFile: join(path, 'bootstrap.json'),
    envoyPidFile: join(path, 'envoy.pid'),
  }
  if (Buffer.byteLength(dir.adminSocket) > MAX_SOCKET_PATH) {
    throw new FatalError(`${path} is too long a path for unix sockets. Set XDG_RUNTIME_DIR to a shorter one.`)
  }
  return dir
}

/** Removes what {@link openRuntimeDir} made; the directory above goes too when no other proxy has a place there. */
export async function removeRuntimeDir(dir: RuntimeDir): Promise<void> {
  await rm(dir.path, { recursive: true, force: true })
  await rmdir(dirname(dir.path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error
  })
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
