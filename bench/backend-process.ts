import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface BackendProcess {
  readonly url: string
  readonly stop: () => Promise<void>
}

/** Starts backend.ts and waits until it listens. */
export async function startBackend(): Promise<BackendProcess> {
  const child = fork(fileURLToPath(new URL('backend.js', import.meta.url)))
  const [port] = await once(child, 'message')
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      child.kill()
      await once(child, 'exit')
    },
  }
}
