import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

interface Call {
  readonly id: number
  readonly method: string
  readonly args: readonly unknown[]
}

type Answer = { readonly id: number } & ({ readonly result: unknown } | { readonly error: string })

/** What can be called from another process: methods whose arguments and results can be sent as messages. */
type Callable<T> = { [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => R : never }

/** An object in a process of its own, so that what it takes isn't counted here. */
export class Remote<T extends object> {
  readonly #child: ChildProcess
  #calls = 0

  /** @param module the compiled module, whose process calls {@link answerCalls} */
  constructor(module: URL, args: readonly string[] = []) {
    this.#child = fork(fileURLToPath(module), args, { env: { ...process.env, NODE_OPTIONS: '' } })
    this.#child.setMaxListeners(0)
  }

  /** @throws Error with the message of the one that the method threw, or if the process has ended */
  async call<K extends keyof T & string>(
    method: K,
    ...args: Parameters<Callable<T>[K]>
  ): Promise<Awaited<ReturnType<Callable<T>[K]>>> {
    this.#calls += 1
    const id = this.#calls
    const ended = new AbortController()
    const answer = this.#answerTo(id, ended.signal)
    const end = once(this.#child, 'exit', { signal: ended.signal }).then(() => {
      throw new Error(`the process of ${method} has ended`)
    })
    this.#child.send({ id, method, args } satisfies Call)
    try {
      return (await Promise.race([answer, end])) as Awaited<ReturnType<Callable<T>[K]>>
    } finally {
      ended.abort()
      for (const promise of [answer, end]) promise.catch(() => {})
    }
  }

  async #answerTo(id: number, signal: AbortSignal): Promise<unknown> {
    for (;;) {
      const [answer] = (await once(this.#child, 'message', { signal })) as [Answer]
      if (answer.id !== id) continue
      if ('error' in answer) throw new Error(answer.error)
      return answer.result
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill()
    await once(this.#child, 'exit')
  }
}

/** The side of the process: calls of a {@link Remote} go to this object. */
export function answerCalls(object: object): void {
  process.on('message', async ({ id, method, args }: Call) => {
    try {
      const result = await (object as Record<string, (...args: readonly unknown[]) => unknown>)[method]?.(...args)
      process.send?.({ id, result })
    } catch (error) {
      process.send?.({ id, error: (error as Error).message })
    }
  })
  process.on('disconnect', () => process.exit())
}
