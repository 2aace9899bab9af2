import type { ChildProcess } from 'node:child_process'
import type { Logger } from '../../platform/log.js'
import type { FoundProcess, ProcessIdentity } from '../../platform/processes.js'
import { findProcesses, signal } from '../../platform/processes.js'
import { startProgram } from '../../platform/spawn.js'
import { IGNORE_SIGNALS } from './process.js'
import type { RuntimeDir } from './runtime-dir.js'

const NAME = 'configurable-envoy-proxy-guardian'

const RESPAWN_MS = 1_000

/**
 * Reads which Envoys there are, each as `pid:start time`, until the control plane's end closes the pipe. From then on
 * it counts the seconds, and ends the Envoys if nobody has ended it before. A shell takes 1 MB, Node.js 40.
 */
const SCRIPT = `
${IGNORE_SIGNALS}
lives() {
  read -r stat < "/proc/\${1%:*}/stat" || return 1
  set -- "\${1#*:}" \${stat##*) }
  [ "$1" = "\${21}" ] && [ "$2" != Z ]
}
any() { for envoy in $envoys; do lives "$envoy" && return 0; done; return 1; }
while read -r line; do envoys=$line; done
left=$2
while [ "$left" -gt 0 ]; do
  any || exit 0
  sleep 1
  left=$((left - 1))
done
for signal in TERM KILL; do
  for envoy in $envoys; do lives "$envoy" && kill -$signal "\${envoy%:*}"; done
  sleep 2
done
`

/** Ends Envoy when the control plane has died and doesn't come back in time. */
export class Guardian {
  readonly #dir: RuntimeDir
  readonly #seconds: number
  readonly #log: Logger
  #child: ChildProcess | undefined
  #envoys: readonly ProcessIdentity[] = []
  /** Those of earlier control planes, which go on until another has taken their place. */
  #earlier: readonly FoundProcess[] = []
  #isMissed = false
  #closing = false

  /** @param seconds how long Envoy may go on alone; 0 for ever */
  constructor(dir: RuntimeDir, seconds: number, log: Logger) {
    this.#dir = dir
    this.#seconds = seconds
    this.#log = log
  }

  /**
   * Begins to watch over Envoy, in the place of the guardian of an earlier control plane. That one is ended when the new
   * one has been told of the Envoys that run: at no moment are they without one.
   */
  async start(running: readonly ProcessIdentity[]): Promise<void> {
    this.#envoys = running
    this.#earlier = findGuardians(this.#dir)
    if (this.#seconds > 0) await this.#spawn()
    else this.#endEarlier()
  }

  async #spawn(): Promise<void> {
    const args = ['-c', SCRIPT, NAME, this.#dir.path, String(this.#seconds)]
    try {
      const child = await startProgram('/bin/sh', args, {
        detached: true,
        stdio: ['pipe', 'ignore', 'ignore'],
        cwd: '/',
      })
      // A guardian that ends while it is written to is started again.
      child.stdin?.on('error', () => {})
      child.once('exit', () => this.#spawnLater())
      this.#child = child
      this.#isMissed = false
      if (this.#closing) this.close()
      else if (await this.#tell()) this.#endEarlier()
    } catch (error) {
      if (!this.#isMissed) {
        this.#log.warn(`Envoy would outlive this process for ever: its guardian can't be started: ${messageOf(error)}`)
      }
      this.#isMissed = true
      this.#spawnLater()
    }
  }

  #spawnLater(): void {
    setTimeout(() => void (this.#closing || this.#spawn()), RESPAWN_MS).unref()
  }

  #endEarlier(): void {
    for (const guardian of this.#earlier) {
      try {
        signal(guardian, 'SIGTERM')
      } catch (error) {
        this.#log.warn(`The guardian of an earlier control plane may end Envoy: ${messageOf(error)}`)
      }
    }
    this.#earlier = []
  }

  /** Which Envoys there are from now on. */
  watchOver(envoys: readonly ProcessIdentity[]): void {
    this.#envoys = envoys
    void this.#tell()
  }

  /** @returns whether it is with the guardian, or at least in its pipe, where our death leaves it */
  #tell(): Promise<boolean> {
    const line = `${this.#envoys.map(({ pid, startTime }) => `${pid}:${startTime}`).join(' ')}\n`
    const pipe = this.#child?.stdin
    if (!pipe?.writable) return Promise.resolve(false)
    return new Promise((resolve) => pipe.write(line, (error) => resolve(!error)))
  }

  /** Ends the guardian: there is no Envoy left to watch over. Without this it begins to count when this process ends. */
  close(): void {
    this.#closing = true
    this.#child?.kill('SIGTERM')
  }
}

function messageOf(error: unknown): string {
  return (error as Error).message
}

/** The guardians over the Envoys of a runtime directory. */
export function findGuardians(dir: RuntimeDir): FoundProcess[] {
  return findProcesses((args) => args[3] === NAME && args[4] === dir.path)
}
