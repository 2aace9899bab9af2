import { InvalidArgumentError } from 'commander'
import type { LogFormat, LogLevel } from '../platform/log.js'
import { LOG_FORMATS, LOG_LEVELS } from '../platform/log.js'
import type { OptionSpec, OptionValues } from './option.js'

/** This process: its log and its pid file. */
export const PROCESS_OPTIONS = [
  { flags: '--pid-file <pid-file>', description: 'File to write our process id to' },
  {
    flags: '--log-level <loglevel>',
    description: 'How much to log (debug, info, warn, error)',
    default: 'info',
    choices: LOG_LEVELS,
    parse: parseLogLevel,
  },
  {
    flags: '--log-format <format>',
    description: 'Form of the log',
    default: 'text',
    choices: LOG_FORMATS,
  },
] as const satisfies readonly OptionSpec[]

export type ProcessOptions = OptionValues<typeof PROCESS_OPTIONS>

export interface ProcessSettings {
  readonly pidFile: string | undefined
  readonly logLevel: LogLevel
  readonly logFormat: LogFormat
}

export function readProcessSettings({ pidFile, logLevel, logFormat }: ProcessOptions): ProcessSettings {
  return { pidFile, logLevel, logFormat }
}

function parseLogLevel(value: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === value.toLowerCase())
  if (level === undefined) throw new InvalidArgumentError(`A log level is one of ${LOG_LEVELS.join(', ')}.`)
  return level
}
