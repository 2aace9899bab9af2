import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import type { FoundProcess, ProcessIdentity } from '../../platform/processes.js'
import { identify, isAlive, signal } from '../../platform/processes.js'
import { startProgram } from '../../platform/spawn.js'
import { epochOf, LAUNCHER_NAME } from './arguments.js'

/**
 * Makes a shell, and what it starts, take no notice of signals that would end it by default and mean something else to
 * other services: "read your configuration again", mostly. What is sent to a whole service reaches every process of it.
 */
export const IGNORE_SIGNALS = 'trap "" HUP USR1 USR2 ALRM'

/** The end of a process that isn't our child is seen by looking. */
const POLL_MS = 50
const STOP_LIMIT_MS = 2_000
const STOP_POLL_MS = 10

/**
 * Tells Envoy's process id, then waits for Envoy and ends as it does. It stands between because an Envoy that can be
 * replaced without an interruption asks the kernel to be ended when its parent dies, and we may die. Signals that tell a
 * service to reload may be sent to all its processes.
 */
const LAUNCHER = `${IGNORE_SIGNALS}; "$@" 3>&- & echo $! >&3; exec 3>&-; wait $!; exit $?`

/** A shell's form of how a command ended. */
function statusOf(code: number): string {
  const name = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0]
  return name ?? `status ${code}`
}

/** Waits until the system can say which process this is: without that it could not be ended for certain. */
async function identified(pid: number): Promise<ProcessIdentity | undefined> {
  for (;;) {
    try {
      return identify(pid)
    } catch {
      await delay(POLL_MS)
    }
  }
}

/** One Envoy, whether this process or an earlier control plane has started it. */
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
   * @param log a file descriptor for what it prints; a pipe would break when this process dies
   * @param variables what is to be in its environment besides ours
   * @throws Error if the system refuses to start it; see {@link isShortage}
   */
  static async start(
    binary: string,
    args: readonly string[],
    log: number,
    variables: NodeJS.ProcessEnv,
  ): Promise<EnvoyProcess> {
    // A process group of its own: a signal to ours, such as Ctrl-C, reaches Envoy only through us, after the drain.
    const child = await startProgram('/bin/sh', ['-c', LAUNCHER, LAUNCHER_NAME, binary, ...args], {
      detached: true,
      stdio: ['ignore', log, log, 'pipe'],
      env: { ...process.env, ...variables },
    })
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

  /** Takes over one that runs already. */
  static adopt({ args, ...identity }: FoundProcess): EnvoyProcess {
    const ended = new Promise<string>((resolve) => {
      const timer = setInterval(() => {
        if (isAlive(identity)) return
        clearInterval(timer)
        resolve('its exit status is not known, since an earlier run of the proxy started it')
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

  /** Ends it, by force if it takes too long. @throws Error if it can't be ended */
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
