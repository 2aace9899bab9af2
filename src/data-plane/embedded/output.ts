import type { Logger } from '../../platform/log.js'
import { RepeatedLines } from '../../platform/repeated-lines.js'
import { EnvoyLogFile } from './log-file.js'
import { forwardFailure, forwardLine } from './log-lines.js'

/** How many of Envoy's last lines are given as the reason why it ended. */
const LAST_LINES = 5

/** Passes Envoy's output on to the log, and keeps the last lines in case Envoy ends. */
export class EnvoyOutput {
  readonly #file: EnvoyLogFile
  #lastLines: readonly string[] = []
  #isStopping = false

  constructor(path: string, log: Logger) {
    const envoyLog = log.child({ name: 'Envoy' })
    const lines = new RepeatedLines((line) => forwardLine(line, envoyLog))
    this.#file = new EnvoyLogFile(path, (line) => {
      if (forwardFailure(line, log)) return
      this.#lastLines = [...this.#lastLines, line].slice(-LAST_LINES)
      // Envoy's lines about being stopped are no news to the operator.
      if (this.#isStopping) log.debug(line)
      else lines.add(line)
    })
  }

  /** The file descriptor for Envoy's output. */
  get fd(): number {
    return this.#file.fd
  }

  /** The last lines, as a reason in a message. */
  reason(): string {
    this.#file.read()
    return this.#lastLines.join(' | ')
  }

  /** Forgets earlier lines: they don't explain why the next Envoy ends. */
  forget(): void {
    this.#lastLines = []
  }

  /** From now on Envoy's lines go to the debug level. */
  stopping(): void {
    this.#isStopping = true
  }

  close(): void {
    this.#file.close()
  }
}
