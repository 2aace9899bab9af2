import { FatalError } from '../../platform/fatal-error.js'
import type { LogOutput } from '../../platform/log-output.js'
import { neverWait } from '../../platform/log-output.js'
import { printable } from '../../platform/text.js'

/** A fault of this program (EX_SOFTWARE of sysexits.h): a supervisor should restart it. */
const FAULT = 70

/** How long the exit waits for a slow reader of the log, and how much of an error is printed. */
const LAST_WORDS = { limitMs: 1_000, characters: 2_000 } as const

let output: LogOutput | undefined

/** Lines that this log still holds are written before the process ends. */
export function flushAtExit(log: LogOutput): void {
  output = log
}

export async function exit(status: number): Promise<never> {
  await output?.flush(LAST_WORDS.limitMs)
  process.exit(status)
}

/** An error as it is printed: one line, whatever is in the values that it quotes. */
export function errorLine(text: string): string {
  return printable(text, LAST_WORDS.characters)
}

/** Ends the process with one line if the operator can mend the error; any other error is a fault of this program. */
export function exitByError(error: unknown): Promise<never> {
  if (!(error instanceof FatalError)) return exitByFault(error, 'It has not started or was stopped.')
  neverWait(process.stderr)
  console.error(errorLine(`error: ${error.message}`))
  return exit(error.exitStatus)
}

/**
 * Ends the process with a stack trace, for the authors of this program.
 *
 * @param state what keeps running, in a sentence
 */
export function exitByFault(error: unknown, state: string): Promise<never> {
  neverWait(process.stderr)
  const stack = error instanceof Error ? error.stack : String(error)
  console.error(`error: This is a fault of configurable-envoy-proxy; please report it. ${state} ${stack}`)
  return exit(FAULT)
}
