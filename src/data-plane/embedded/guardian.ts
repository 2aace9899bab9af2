import type { ChildProcess } from 'node:child_process'
import type { Logger } from '../../platform/log.js'
import type { FoundProcess, ProcessIdentity } from '../../platform/processes.js'
import { findProcesses, shares, signal } from '../../platform/processes.js'
import { startProgram } from '../../platform/spawn.js'
import { IGNORE_SIGNALS } from './process.js'
import type { RuntimeDir } from './runtime-dir.js'
import { realPath } from './runtime-dir.js'

const NAME = 'configurable-envoy-proxy-guardian'

const RESPAWN_MS = 1_000

/**
 * Reads the running Envoys, each as `pid:start time`, until the control plane's end closes the pipe. Then it counts the
 * seconds, and ends the Envoys unless it is ended first. A shell, since that takes 1 MB and Node.js 40.
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

/** Ends Envoy if the control plane has died and isn't started again in time. */
export class Guardian {
  readonly #dir: RuntimeDir
  readonly #seconds: number
  readonly #log: Logger
  #child: ChildProcess | undefined
  #envoys: readonly ProcessIdentity[] = []
  /** Guardians of earlier control planes, kept until this one has replaced them. */
  #earlier: readonly FoundProcess[] = []
  /** Whether the last attempt to start it failed. */
  #isMissing = false
  #closing = false

  /** @param seconds how long Envoy may run without a control plane; 0 for no limit, and no guardian */
  constructor(dir: RuntimeDir, seconds: number, log: Logger) {
    this.#dir = dir
    this.#seconds = seconds
    this.#log = log
  }

  /**
   * Starts watching over Envoy, and replaces the guardian of an earlier control plane. That one is ended after the new
   * one has been sent the running Envoys, so that they are never without one.
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
      // A write to a guardian that has just ended may fail: it is started again.
      child.stdin?.on('error', () => {})
      child.once('exit', () => this.#spawnLater())
      this.#child = child
      this.#isMissing = false
      if (this.#closing) this.close()
      else if (await this.#send()) this.#endEarlier()
    } catch (error) {
      if (!this.#isMissing) {
        this.#log.warn(
          `Nothing would end Envoy if this process died: could not start its guardian: ${messageOf(error)}`,
        )
      }
      this.#isMissing = true
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
        this.#log.warn(
          `Could not stop the guardian of an earlier control plane, which may end Envoy: ${messageOf(error)}`,
        )
      }
    }
    this.#earlier = []
  }

  /** Replaces the Envoys to watch over. */
  watchOver(envoys: readonly ProcessIdentity[]): void {
    this.#envoys = envoys
    void this.#send()
  }

  /** @returns whether the guardian has the list, or at least its pipe, from which it can read after our death */
  #send(): Promise<boolean> {
    const line = `${this.#envoys.map(({ pid, startTime }) => `${pid}:${startTime}`).join(' ')}\n`
    const pipe = this.#child?.stdin
    if (!pipe?.writable) return Promise.resolve(false)
    return new Promise((resolve) => pipe.write(line, (error) => resolve(!error)))
  }

  /** Ends the guardian when no Envoy is left. Without this it starts to count when this process ends. */
  close(): void {
    this.#closing = true
    this.#child?.kill('SIGTERM')
  }
}

function messageOf(error: unknown): string {
  return (error as Error).message
}

/** The guardians of a runtime directory's Envoys. */
export function findGuardians(dir: RuntimeDir): FoundProcess[] {
  const found = findProcesses((args) => args[3] === NAME && args[4] === dir.path)
  return found.filter(({ pid }) => shares(pid, realPath(dir)))
}
