import { resolve } from 'node:path'
import { FatalError } from '../platform/fatal-error.js'
import type { OptionSpec, OptionValues } from './option.js'

/** The log of users' requests, which Envoy writes. */
export const ACCESS_LOG_OPTIONS = [
  {
    flags: '--access-log <file>',
    description: "Log each of users' requests to this file, or - for standard output",
    defaultDescription: 'no such log',
  },
  {
    flags: '--access-log-format <format>',
    description: 'json, or a format of your own with %field%, as a text or as a JSON object (docs/access-log.md)',
    default: 'json',
  },
  {
    flags: '--access-log-query <how>',
    description:
      "What the access log has of a URL's query: none, that there is one, its parameters' names, or all of it",
    default: 'masked',
    choices: ['none', 'masked', 'names', 'all'],
  },
] as const satisfies readonly OptionSpec[]

export type AccessLogOptions = OptionValues<typeof ACCESS_LOG_OPTIONS>

/** What can be logged of a request, in the order of docs/access-log.md. None of it is a secret. */
export const ACCESS_LOG_FIELDS = [
  ...['time', 'client', 'forwarded_for', 'method', 'path', 'query', 'protocol', 'websocket', 'status'],
  ...['bytes_received', 'bytes_sent', 'duration_ms', 'upstream_ms', 'route', 'user', 'server', 'target'],
  ...['request_id', 'failure', 'reason', 'details', 'flags'],
] as const
export type AccessLogField = (typeof ACCESS_LOG_FIELDS)[number]

/** What the default format leaves out, since each field costs time. */
const NOT_BY_DEFAULT: readonly AccessLogField[] = ['protocol', 'target']

/** A part of a format: a field, or text as it is. */
export type FormatPart = { readonly field: AccessLogField } | { readonly text: string }

/** A line: a JSON object with these keys, or a text. Undefined for the default. */
export type AccessLogFormat =
  | { readonly json: ReadonlyMap<string, readonly FormatPart[]> }
  | { readonly text: readonly FormatPart[] }

export interface AccessLogSettings {
  /** An absolute path; undefined for standard output. */
  readonly file: string | undefined
  readonly format: AccessLogFormat
  readonly query: AccessLogOptions['accessLogQuery']
}

/** The longest format, in characters: Envoy builds each line from it. */
const FORMAT_LIMIT = 4_000

/**
 * Undefined without an access log.
 *
 * @throws FatalError if the format can't be used
 */
export function readAccessLog(options: AccessLogOptions): AccessLogSettings | undefined {
  const { accessLog, accessLogFormat, accessLogQuery: query } = options
  const format = parseFormat(accessLogFormat)
  if (accessLog === undefined) return undefined
  if (accessLog === '') throw new FatalError('--access-log needs a file, or - for standard output.')
  return { file: accessLog === '-' || accessLog === '/dev/stdout' ? undefined : resolve(accessLog), format, query }
}

/** @throws FatalError that says what is wrong with it */
export function parseFormat(format: string): AccessLogFormat {
  if (format === 'json') {
    const fields = ACCESS_LOG_FIELDS.filter((field) => !NOT_BY_DEFAULT.includes(field))
    return { json: new Map(fields.map((field) => [field, [{ field }]])) }
  }
  if (format.length > FORMAT_LIMIT) throw unusable(`it has more than ${FORMAT_LIMIT} characters`)
  // Each request is one line, also with any reader of lines.
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(format)) throw unusable('it has a line end or another control character')
  if (!format.trimStart().startsWith('{')) return { text: partsOf(format) }
  return { json: new Map(Object.entries(parseObject(format)).map(([key, value]) => [key, partsOfValue(key, value)])) }
}

function parseObject(format: string): object {
  try {
    return JSON.parse(format) as object
  } catch (error) {
    throw unusable(`it begins like a JSON object, but is none: ${(error as Error).message}`)
  }
}

function partsOfValue(key: string, value: unknown): FormatPart[] {
  if (typeof value !== 'string') throw unusable(`the value of "${key}" must be a text such as "%status%"`)
  return value === '' ? [{ text: '' }] : partsOf(value)
}

function partsOf(text: string): FormatPart[] {
  const parts = text.split(/(%[^%]*%)/).filter((part) => part !== '')
  const read = parts.map((part): FormatPart => {
    if (part === '%%') return { text: '%' }
    if (!part.includes('%')) return { text: part }
    const field = ACCESS_LOG_FIELDS.find((known) => part === `%${known}%`)
    if (field !== undefined) return { field }
    throw unusable(
      /^%.*%$/.test(part)
        ? `there is no field ${part}. Fields are ${ACCESS_LOG_FIELDS.join(', ')}`
        : 'a percent sign stands alone: write %% for it',
    )
  })
  if (read.length === 0) throw unusable('it is empty')
  return read
}

function unusable(reason: string): FatalError {
  return new FatalError(`--access-log-format can't be used: ${reason}.`)
}
