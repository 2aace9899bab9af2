import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { EnvoysCommand } from './simulated-envoys.js'

/** The child that has the simulated Envoys. */
export class EnvoysProcess {
  readonly #child: ChildProcess
  #calls = 0

  constructor(address: string) {
    const env = { ...process.env, NODE_OPTIONS: '' }
    this.#child = fork(fileURLToPath(new URL('envoys-process.js', import.meta.url)), [address], { env })
  }

  async call(method: EnvoysCommand['method'], ...args: number[]): Promise<number> {
    this.#calls += 1
    const id = this.#calls
    this.#child.send({ id, method, args } satisfies EnvoysCommand)
    for (;;) {
      const [answer] = await once(this.#child, 'message')
      if (answer.id !== id) continue
      if (answer.error !== undefined) throw new Error(answer.error)
      return answer.result
    }
  }

  async stop(): Promise<void> {
    this.#child.kill()
    await once(this.#child, 'exit')
  }
}
