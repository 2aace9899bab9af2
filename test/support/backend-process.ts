import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface BackendProcess {
  readonly url: string
  readonly stop: () => Promise<void>
}

/** Starts bare-backend.ts, without the modules that tap would load into it, and waits until it listens. */
export async function startBackend(): Promise<BackendProcess> {
  const child = fork(fileURLToPath(new URL('bare-backend.js', import.meta.url)), {
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  const [port] = await once(child, 'message')
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      child.kill()
      await once(child, 'exit')
    },
  }
}
