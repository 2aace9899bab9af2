import { startBackend } from '../../test/support/backend-process.js'
import { Remote } from '../remote.js'
import type { Servers } from './servers.js'

/** Servers that routes lead to, each in a process of its own. */
export interface Backends {
  /** Answers every request with a few bytes. */
  readonly small: string
  /** Answers with as many bytes as the path ends with, takes uploads, and has websockets. */
  readonly large: string
  stop(): Promise<void>
}

export async function startBackends(): Promise<Backends> {
  const [small, large] = [await startBackend(), await startServers()]
  return {
    small: small.url,
    large: large.url,
    stop: async () => {
      await Promise.all([small.stop(), large.stop()])
    },
  }
}

/** The backend `large`, at a port of its own. */
export async function startServers(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const servers = new Remote<Servers>(new URL('servers.js', import.meta.url))
  const port = await servers.call('listen')
  return { url: `http://127.0.0.1:${port}`, stop: () => servers.stop() }
}
