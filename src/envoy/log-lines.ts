import type { Logger } from '../log.js'

/** For `envoy --log-format`: a form that {@link forwardLine} takes apart. */
export const ENVOY_LOG_FORMAT = '[%l][%n] %v'

const LEVELS: Readonly<Record<string, 'debug' | 'info' | 'warn' | 'error'>> = {
  trace: 'debug',
  debug: 'debug',
  info: 'info',
  warning: 'warn',
  error: 'error',
  critical: 'error',
}

/** Passes a line of Envoy's log on at its level. One of another form, such as a crash report, is an error. */
export function forwardLine(line: string, log: Logger): void {
  const [, level = '', message = line] = /^\[(\w+)\]\[.+?\] (.*)$/s.exec(line) ?? []
  log[LEVELS[level] ?? 'error'](message.replace(/\\(['"])/g, '$1'))
}
