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

/** The log of a process. */
export interface RootLogger extends Logger {
  /** From which level on events are logged, by its children too; it may be changed at any time. */
  level: LogLevel
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

/** text: CHP's form, but with the date. json: an object a line. */
export const LOG_FORMATS = ['text', 'json'] as const
export type LogFormat = (typeof LOG_FORMATS)[number]

/**
 * Logs one line an event, also if a client chose part of it: see {@link printable}. As text that is
 * `2026-11-26 12:34:56.789 [ConfigProxy] info: message`.
 */
export function createLogger(level: LogLevel, output: LogOutput, format: LogFormat = 'text'): RootLogger {
  return logger('ConfigProxy', { level }, output, format)
}

/** @param least shared by a log and its children */
function logger(name: string, least: { level: LogLevel }, output: LogOutput, format: LogFormat): RootLogger {
  const at =
    (level: LogLevel): Write =>
    (message) => {
      if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(least.level)) return
      output.write(logLine({ name, level, message: printable(message, MESSAGE_LIMIT) }, format))
    }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (by) => logger(by.name, least, output, format),
    get level() {
      return least.level
    },
    set level(level) {
      least.level = level
    },
  }
}

/** Changes how much is logged from now on. The line about it is logged at any level. */
export function setLevel(log: RootLogger, level: LogLevel): void {
  log.level = 'info'
  log.info(`The log level is ${level} now`)
  log.level = level
}

/** The line that stands for lines which the reader of a log was too slow for. */
export function leftOutLine(count: number, format: LogFormat): string {
  const message = `${count} lines were left out here: what reads this log did not keep up`
  return format === 'json' ? logLine({ name: 'ConfigProxy', level: 'warn', message }, format) : `(${message})\n`
}

interface Entry {
  readonly name: string
  readonly level: LogLevel
  /** Without control characters. */
  readonly message: string
}

function logLine({ name, level, message }: Entry, format: LogFormat): string {
  const now = new Date()
  if (format === 'json') return `${JSON.stringify({ time: now.toISOString(), level, name, message })}\n`
  return `${timestamp(now)} [${name}] ${level}: ${message}\n`
}

/** Local date and time to the millisecond, in JupyterHub's form, so that both logs can be read side by side. */
function timestamp(at: Date): string {
  const two = (part: number) => String(part).padStart(2, '0')
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${date} ${at.toTimeString().slice(0, 8)}.${String(at.getMilliseconds()).padStart(3, '0')}`
}
