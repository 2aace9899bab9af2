import type { Logger } from '../../platform/log.js'
import { routeKeyOf } from '../../resources/names.js'

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
  // What a later Envoy will no longer know is for who writes this program.
  const shown = message.startsWith('Deprecated field: ') ? 'debug' : (LEVELS[level] ?? 'error')
  log[shown](message.replace(/\\(['"])/g, '$1'))
}

/** A line of {@link failureLog}. What Envoy doesn't know is null. */
interface Failure {
  readonly status: number
  readonly method: string | null
  readonly path: string | null
  readonly route: string | null
  readonly target: string | null
  readonly reason: string | null
  readonly details: string | null
}

/**
 * Passes a line about a failed request on as CHP writes it: status, method, path and reason, with route and target. It is
 * a warning if the client is at fault.
 *
 * @returns false if the line is another
 */
export function forwardFailure(line: string, log: Logger): boolean {
  if (!line.startsWith('{')) return false
  let failure: Failure
  try {
    failure = JSON.parse(line) as Failure
  } catch {
    return false
  }
  log[failure.status >= 400 && failure.status < 500 ? 'warn' : 'error'](failureText(failure))
  return true
}

function failureText({ status, method, path, route, target, reason, details }: Failure): string {
  const key = route === null ? undefined : routeKeyOf(route)
  const where = [key && `route ${key}`, target && `target ${target}`].filter((part) => part)
  // Before there is a request, there is neither.
  const request = method === null ? '(no request yet)' : `${method} ${path ?? '-'}`
  return [
    `${status} ${request} ${reason}`,
    ...(details ? [`[${plainer(details)}]`] : []),
    ...(where.length > 0 ? [`(${where.join(', ')})`] : []),
  ].join(' ')
}

/** Without the frame that Envoy puts around why a connection failed. */
function plainer(details: string): string {
  return details.replace(/^upstream_reset_\w+\{(.*)\}$/, '$1').replaceAll('_', ' ')
}
