import type { Logger } from '../../platform/log.js'
import { EnvoyLogFile } from './log-file.js'
import { forwardFailure, forwardLine } from './log-lines.js'

/** As many lines of Envoy's are given as the reason why it ended. */
const LAST_LINES = 5

/** What Envoy prints: passed on to the log, with the last lines kept in case Envoy ends. */
export class EnvoyOutput {
  readonly #file: EnvoyLogFile
  #lastLines: readonly string[] = []
  #isStopping = false

  constructor(path: string, log: Logger) {
    const envoyLog = log.child({ name: 'Envoy' })
    this.#file = new EnvoyLogFile(path, (line) => {
      if (forwardFailure(line, log)) return
      this.#lastLines = [...this.#lastLines, line].slice(-LAST_LINES)
      // Envoy's account of being stopped is no news to the operator who stopped it.
      if (this.#isStopping) log.debug(line)
      else forwardLine(line, envoyLog)
    })
  }

  /** For the output of a process. */
  get fd(): number {
    return this.#file.fd
  }

  /** The last lines, as a reason in a message. */
  reason(): string {
    this.#file.read()
    return this.#lastLines.join(' | ')
  }

  /** Forgets earlier lines: they are no reason why the next Envoy ends. */
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
