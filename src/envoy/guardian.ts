import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import type { Logger } from '../log.js'
import type { FoundProcess, ProcessIdentity } from './proc.js'
import { findProcesses, signal } from './proc.js'
import type { RuntimeDir } from './runtime-dir.js'

const NAME = 'configurable-envoy-proxy-guardian'

const RESPAWN_MS = 1_000

/**
 * Reads which Envoys there are, each as `pid:start time`, until the control plane's end closes the pipe. From then on
 * it counts the seconds, and ends the Envoys if nobody has ended it before. A shell takes 1 MB, Node.js 40.
 */
const SCRIPT = `
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
  #closing = false

  /** @param seconds how long Envoy may go on alone; 0 for ever */
  constructor(dir: RuntimeDir, seconds: number, log: Logger) {
    this.#dir = dir
    this.#seconds = seconds
    this.#log = log
  }

  /** Begins to watch over Envoy in the place of the guardian of an earlier control plane. */
  start(): void {
    const earlier = findGuardians(this.#dir)
    if (this.#seconds > 0) this.#spawn()
    for (const guardian of earlier) signal(guardian, 'SIGTERM')
  }

  #spawn(): void {
    const args = ['-c', SCRIPT, NAME, this.#dir.path, String(this.#seconds)]
    const child = spawn('/bin/sh', args, { detached: true, stdio: ['pipe', 'ignore', 'ignore'], cwd: '/' })
    // A guardian that ends while it is written to is started again.
    child.stdin?.on('error', () => {})
    child.once('error', (error) => {
      this.#log.warn(`Envoy would outlive this process for ever: /bin/sh could not be started: ${error.message}`)
    })
    child.once('exit', () => {
      if (!this.#closing) setTimeout(() => this.#closing || this.#spawn(), RESPAWN_MS).unref()
    })
    this.#child = child
    this.#tell()
  }

  /** Which Envoys there are from now on. */
  watchOver(envoys: readonly ProcessIdentity[]): void {
    this.#envoys = envoys
    this.#tell()
  }

  #tell(): void {
    this.#child?.stdin?.write(`${this.#envoys.map(({ pid, startTime }) => `${pid}:${startTime}`).join(' ')}\n`)
  }

  /** Ends the guardian: there is no Envoy left to watch over. Without this it begins to count when this process ends. */
  close(): void {
    this.#closing = true
    this.#child?.kill('SIGTERM')
  }
}

/** The guardians over the Envoys of a runtime directory. */
export function findGuardians(dir: RuntimeDir): FoundProcess[] {
  return findProcesses((args) => args[3] === NAME && args[4] === dir.path)
}
