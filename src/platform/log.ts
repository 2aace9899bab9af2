import type { Logger } from 'pino'
import { pino } from 'pino'
import type { LogOutput } from './log-output.js'
import { printable } from './text.js'

export type { Logger } from 'pino'

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
  return pino({ name: 'ConfigProxy', level }, { write: (entry) => output.write(`${lineOf(entry)}\n`) })
}

function lineOf(entry: string): string {
  const { level, time, name, msg } = JSON.parse(entry) as { level: number; time: number; name: string; msg?: unknown }
  const label = pino.levels.labels[level]
  return `${timestamp(new Date(time))} [${name}] ${label}: ${printable(String(msg ?? ''), MESSAGE_LIMIT)}`
}

/** Local date and time to the millisecond, in JupyterHub's form, so that both logs can be read side by side. */
function timestamp(at: Date): string {
  const two = (part: number) => String(part).padStart(2, '0')
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${date} ${at.toTimeString().slice(0, 8)}.${String(at.getMilliseconds()).padStart(3, '0')}`
}
