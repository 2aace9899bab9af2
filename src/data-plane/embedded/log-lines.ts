import type { Logger } from '../../platform/log.js'
import { routeKeyOf } from '../../resources/names.js'

/** For `envoy --log-format`: the format that {@link forwardLine} parses. */
export const ENVOY_LOG_FORMAT = '[%l][%n] %v'

const LEVELS: Readonly<Record<string, 'debug' | 'info' | 'warn' | 'error'>> = {
  trace: 'debug',
  debug: 'debug',
  info: 'info',
  warning: 'warn',
  error: 'error',
  critical: 'error',
}

/** Passes a line of Envoy's log on at its level. A line in another format, such as a crash report, is an error. */
export function forwardLine(line: string, log: Logger): void {
  const [, level = '', message = line] = /^\[(\w+)\]\[.+?\] (.*)$/s.exec(line) ?? []
  // Deprecations concern this program's developers, not the operator.
  const shown = message.startsWith('Deprecated field: ') ? 'debug' : (LEVELS[level] ?? 'error')
  log[shown](message.replace(/\\(['"])/g, '$1'))
}

/** A line of {@link failureLog}. Fields that Envoy doesn't know are null. */
interface Failure {
  readonly status: number
  readonly method: string | null
  readonly path: string | null
  readonly route: string | null
  readonly target: string | null
  readonly reason: string | null
  readonly details: string | null
  /** Only with --request-id. */
  readonly request_id?: string | null
}

/**
 * Passes a line about a failed request on in CHP's form: status, method, path and reason, with route and target. It is
 * a warning if the client is at fault, otherwise an error.
 *
 * @returns false if the line is no such line
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

function failureText({ status, method, path, route, target, reason, details, request_id }: Failure): string {
  const key = route === null ? undefined : routeKeyOf(route)
  const where = [key && `route ${key}`, target && `target ${target}`, request_id && `request ${request_id}`].filter(
    (part) => part,
  )
  // A connection that fails before its first request has neither method nor path.
  const request = method === null ? '(no request yet)' : `${method} ${path ?? '-'}`
  return [
    `${status} ${request} ${reason}`,
    ...(details ? [`[${plainer(details)}]`] : []),
    ...(where.length > 0 ? [`(${where.join(', ')})`] : []),
  ].join(' ')
}

/** Removes what Envoy wraps around the reason why a connection failed. */
function plainer(details: string): string {
  return details.replace(/^upstream_reset_\w+\{(.*)\}$/, '$1').replaceAll('_', ' ')
}
