import type { Logger } from 'pino'
import { pino } from 'pino'
import { build } from 'pino-pretty'

export type { Logger } from 'pino'

/** The levels of CHP's --log-level. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Logs to standard output in CHP's form: `12:34:56.789 [ConfigProxy] info: message`. */
export function createLogger(level: LogLevel): Logger {
  const lines = build({
    // Written before the call returns: the last words of a dying process are the ones that matter.
    sync: true,
    colorize: false,
    ignore: 'pid,hostname,level,name,time',
    messageFormat: (entry, messageKey) => {
      const label = pino.levels.labels[Number(entry.level)]
      return `${timeOfDay(new Date(Number(entry.time)))} [${entry.name}] ${label}: ${entry[messageKey]}`
    },
  })
  return pino({ name: 'ConfigProxy', level }, lines)
}

/** Local time, to the millisecond. */
function timeOfDay(at: Date): string {
  return `${at.toTimeString().slice(0, 8)}.${String(at.getMilliseconds()).padStart(3, '0')}`
}
