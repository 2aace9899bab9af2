import type { AccessLog } from '#proto/envoy/config/accesslog/v3/AccessLog.js'
import type { AccessLogFilter } from '#proto/envoy/config/accesslog/v3/AccessLogFilter.js'
import type { SubstitutionFormatString } from '#proto/envoy/config/core/v3/SubstitutionFormatString.js'
import type { FileAccessLog } from '#proto/envoy/extensions/access_loggers/file/v3/FileAccessLog.js'
import type { StdoutAccessLog } from '#proto/envoy/extensions/access_loggers/stream/v3/StdoutAccessLog.js'
import type { AccessLogSettings, FormatPart } from '../../settings/access-log.js'
import { packAny } from '../../xds/messages.js'
import { HEALTH_PATH } from '../names.js'
import { allOf, statusAtLeast, statusAtMost, UPGRADE } from '../shared/access-log-filters.js'
import type { Known } from './fields.js'
import { fieldFormat } from './fields.js'

const ENDED: AccessLogFilter = { log_type_filter: { types: ['DownstreamEnd'] } }
const NO_PROBE: AccessLogFilter = {
  header_filter: { header: { name: ':path', string_match: { exact: HEALTH_PATH }, invert_match: true } },
}
const NO_UPGRADE: AccessLogFilter = {
  header_filter: { header: { name: 'upgrade', present_match: true, invert_match: true } },
}

/**
 * Logs each request at its end, but for probes of the health check. There are several logs in one file: what only an
 * expression could tell of a request, which costs much, is known by which of them has it.
 */
export function accessLog(settings: AccessLogSettings): AccessLog[] {
  const ordinary = [statusAtMost(399), NO_UPGRADE]
  return [
    ...(settings.query === 'masked'
      ? [true, false].map((hasQuery) =>
          logOf(settings, { kind: 'ordinary', hasQuery }, withQuery(hasQuery), ...ordinary),
        )
      : [logOf(settings, { kind: 'ordinary' }, ...ordinary)]),
    logOf(settings, { kind: 'websocket' }, statusAtMost(399), UPGRADE),
    logOf(settings, { kind: 'error' }, statusAtLeast(400)),
  ]
}

function withQuery(hasQuery: boolean): AccessLogFilter {
  return { header_filter: { header: { name: ':path', string_match: { contains: '?' }, invert_match: !hasQuery } } }
}

function logOf(settings: AccessLogSettings, known: Known, ...filters: AccessLogFilter[]): AccessLog {
  const { file } = settings
  const log_format = lineFormat(settings, known)
  return {
    name: 'access_log',
    filter: allOf(...filters, ENDED, NO_PROBE),
    typed_config:
      file === undefined
        ? packAny('envoy.extensions.access_loggers.stream.v3.StdoutAccessLog', { log_format } satisfies StdoutAccessLog)
        : packAny('envoy.extensions.access_loggers.file.v3.FileAccessLog', {
            path: file,
            log_format,
          } satisfies FileAccessLog),
  }
}

function lineFormat(settings: AccessLogSettings, known: Known): SubstitutionFormatString {
  const { format } = settings
  if ('text' in format) {
    return { text_format_source: { inline_string: `${joined(format.text, settings, known)}\n` } }
  }
  const fields = [...format.json].flatMap(([key, parts]) => {
    const value = jsonValue(parts, settings, known)
    return value === undefined ? [] : [[key, value]]
  })
  // Without empty values a line would cost a third more.
  return { json_format: { fields: Object.fromEntries(fields) } }
}

/** Always empty: a log has no reply. */
const EMPTY = '%LOCAL_REPLY_BODY%'

/**
 * Envoy keeps the type of a value that is one format alone. For that it copies all metadata of the cluster or the request,
 * so metadata, which is text, is one of two parts: a third of the cost. Undefined for a field that never has a value here.
 */
function jsonValue(parts: readonly FormatPart[], settings: AccessLogSettings, known: Known): object | undefined {
  const [only, ...more] = parts
  if (more.length > 0 || only === undefined || 'text' in only) {
    return { stringValue: joined(parts, settings, known) }
  }
  const format = fieldFormat(only.field, settings, known)
  if (format === undefined) return undefined
  if (typeof format === 'boolean') return { boolValue: format }
  return { stringValue: /^%\w+_METADATA\(/.test(format) ? format + EMPTY : format }
}

/** What stands for a field without a value in a text. */
const NOTHING = '-'

function joined(parts: readonly FormatPart[], settings: AccessLogSettings, known: Known): string {
  return parts
    .map((part) =>
      'text' in part ? part.text.replaceAll('%', '%%') : String(fieldFormat(part.field, settings, known) ?? NOTHING),
    )
    .join('')
}
