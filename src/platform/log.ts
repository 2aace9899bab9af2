import type { LogOutput } from './log-output.js'
import { printable } from './text.js'

type Write = (message: string) => void

/** A log of sentences. */
export interface Logger {
  readonly debug: Write
  readonly info: Write
  readonly warn: Write
  readonly error: Write
  /** The same log with another program's name in its lines. */
  child(by: { readonly name: string }): Logger
}

/** A log of sentences, for what may also run without a log. */
export interface PlainLog {
  info(message: string): void
  warn(message: string): void
}

/** The levels of CHP's --log-level. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** The most characters shown of a message: clients choose part of many messages. */
const MESSAGE_LIMIT = 2_000

/**
 * Logs in CHP's form, but with the date: `2026-11-26 12:34:56.789 [ConfigProxy] info: message`. An entry is always one
 * line, even if a client chose part of it: see {@link printable}.
 */
export function createLogger(level: LogLevel, output: LogOutput): Logger {
  return logger('ConfigProxy', level, output)
}

function logger(name: string, least: LogLevel, output: LogOutput): Logger {
  const at = (level: LogLevel): Write => {
    if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(least)) return () => {}
    return (message) =>
      output.write(`${timestamp(new Date())} [${name}] ${level}: ${printable(message, MESSAGE_LIMIT)}\n`)
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (by) => logger(by.name, least, output),
  }
}

/** Local date and time to the millisecond, in JupyterHub's form, so that both logs can be read side by side. */
function timestamp(at: Date): string {
  const two = (part: number) => String(part).padStart(2, '0')
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${date} ${at.toTimeString().slice(0, 8)}.${String(at.getMilliseconds()).padStart(3, '0')}`
}
