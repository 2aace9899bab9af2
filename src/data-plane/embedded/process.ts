import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import type { FoundProcess, ProcessIdentity } from '../../platform/processes.js'
import { identify, isAlive, signal } from '../../platform/processes.js'
import { startProgram } from '../../platform/spawn.js'
import { epochOf, LAUNCHER_NAME } from './arguments.js'

/**
 * Makes a shell, and what it starts, ignore signals that would end it by default but mean "reload" or the like to other
 * services: a signal to a whole service reaches each of its processes.
 */
export const IGNORE_SIGNALS = 'trap "" HUP USR1 USR2 ALRM'

/** The end of a process that isn't our child can only be polled for. */
const POLL_MS = 50
const STOP_LIMIT_MS = 2_000
const STOP_POLL_MS = 10

/**
 * Reports Envoy's process id, waits for Envoy and exits with its status. It is needed because an Envoy with hot restart
 * asks the kernel to end it when its parent dies, and this process may die. Of signals see {@link IGNORE_SIGNALS}.
 */
function launcher(redirection: string): string {
  return `${IGNORE_SIGNALS}; "$@" ${redirection} 3>&- & echo $! >&3; exec 3>&-; wait $!; exit $?`
}

/**
 * Gives Envoy the fifth file as standard output. It isn't the second already for this process: Node.js makes those of a
 * child wait for their reader, and with them its own.
 */
const TO_FIFTH = '>&4 4>&-'

/** How a command ended, from the exit status that a shell reports for it. */
function statusOf(code: number): string {
  const name = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0]
  return name ?? `status ${code}`
}

/** Retries until the process can be identified: without its identity it could not be ended safely. */
async function identified(pid: number): Promise<ProcessIdentity | undefined> {
  for (;;) {
    try {
      return identify(pid)
    } catch {
      await delay(POLL_MS)
    }
  }
}

/** One Envoy, started by this process or by an earlier control plane. */
export class EnvoyProcess {
  /** Undefined if it ended at once. */
  readonly identity: ProcessIdentity | undefined
  readonly args: readonly string[]
  /** Resolves with how it ended. */
  readonly ended: Promise<string>
  readonly #startedAt = performance.now()

  private constructor(identity: ProcessIdentity | undefined, args: readonly string[], ended: Promise<string>) {
    this.identity = identity
    this.args = args
    this.ended = ended
  }

  /**
   * @param log a file descriptor for its messages; a pipe would break when this process dies
   * @param stdout one for its standard output, if that is not for messages
   * @param variables added to our environment for it
   * @throws Error if the system can't start it; see {@link isShortage}
   */
  static async start(
    binary: string,
    args: readonly string[],
    log: number,
    variables: NodeJS.ProcessEnv,
    stdout?: number,
  ): Promise<EnvoyProcess> {
    // In its own process group: a signal to ours, such as Ctrl-C, must not reach Envoy, which we end after the drain.
    const child = await startProgram(
      '/bin/sh',
      ['-c', launcher(stdout === undefined ? '' : TO_FIFTH), LAUNCHER_NAME, binary, ...args],
      {
        detached: true,
        stdio: ['ignore', log, log, 'pipe', ...(stdout === undefined ? [] : [stdout])],
        env: { ...process.env, ...variables },
      },
    )
    const ended = new Promise<string>((resolve) => {
      child.once('exit', (code, by) => resolve(by ?? statusOf(code ?? 0)))
    })
    const pid = Number(await text(child.stdio[3] as Readable).catch(() => ''))
    if (pid === 0) {
      const error: NodeJS.ErrnoException = new Error(`/bin/sh could not start another process (${await ended})`)
      error.code = 'EAGAIN'
      throw error
    }
    return new EnvoyProcess(await identified(pid), [binary, ...args], ended)
  }

  /** Takes over a running Envoy. */
  static adopt({ args, ...identity }: FoundProcess): EnvoyProcess {
    const ended = new Promise<string>((resolve) => {
      const timer = setInterval(() => {
        if (isAlive(identity)) return
        clearInterval(timer)
        resolve('exit status unknown, since an earlier run of the proxy started it')
      }, POLL_MS)
    })
    return new EnvoyProcess(identity, args, ended)
  }

  get pid(): number | undefined {
    return this.identity?.pid
  }

  get epoch(): number | undefined {
    return epochOf(this.args)
  }

  get livedMs(): number {
    return performance.now() - this.#startedAt
  }

  isAlive(): boolean {
    return this.identity !== undefined && isAlive(this.identity)
  }

  /** Ends it, with SIGKILL if it takes too long. @throws Error if it can't be ended */
  async end(): Promise<void> {
    for (const name of ['SIGTERM', 'SIGKILL'] as const) {
      if (this.identity === undefined || !signal(this.identity, name)) return
      for (let waited = 0; waited < STOP_LIMIT_MS; waited += STOP_POLL_MS) {
        await delay(STOP_POLL_MS)
        if (!this.isAlive()) return
      }
    }
    throw new Error(`Process ${this.pid}, an Envoy, can't be ended. End it by hand.`)
  }
}
